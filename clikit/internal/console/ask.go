package console

import (
	"context"
	"errors"
	"fmt"
	"io"
	"time"
)

// Line shows a question, as it is, and returns the line that is typed, without its end. An empty question shows nothing:
// that is how a script's answers are read from In.
//
// The error is io.EOF when there is no line (ctrl-D), ErrInterrupted, or ErrTooLong. On a terminal the last character can be
// erased, and the line (ctrl-U) or its last word (ctrl-W); ctrl-Z suspends the program. What is typed before a question is
// asked, such as the second of two lines that are pasted, is its answer.
func (c *Console) Line(ctx context.Context, question string) (string, error) {
	v := &view{out: c.screen(), ask: question}
	return c.ask(ctx, v, nil)
}

// Hidden is Line for a secret: nothing of it is shown, not even its length. The terminal is as before when it returns, and
// when a signal ends or suspends the program meanwhile.
func (c *Console) Hidden(ctx context.Context, question string) (string, error) {
	v := &view{out: c.screen(), ask: question}
	v.hidden = true
	return c.ask(ctx, v, nil)
}

// LineOrWait is Line with a second line above the question, which tells the time: text is called with the time left, in whole
// seconds rounded up, once a second. When the time is over, text(0) stands there, and the question goes on. The line goes away
// with the question.
//
// Where the cursor cannot be moved, text is shown once.
func (c *Console) LineOrWait(
	ctx context.Context, question string, until time.Time, text func(left time.Duration) string,
) (string, error) {
	v := &view{out: c.screen(), ask: question}
	return c.ask(ctx, v, c.countdown(v, until, text))
}

// Countdown shows text with the time left, in whole seconds rounded up, once a second until the time has come, and then
// removes it. What is typed meanwhile is dropped. The error is ErrInterrupted.
//
// Where the cursor cannot be moved, text is shown once.
func (c *Console) Countdown(ctx context.Context, until time.Time, text func(left time.Duration) string) error {
	v := &view{out: c.screen()}
	t := c.countdown(v, until, text)
	t.alone = true
	_, err := c.ask(ctx, v, t)
	return err
}

// countdown is what a question or a wait does while time goes by.
type countdown struct {
	until time.Time
	now   func() time.Time
	alone bool // there is no question, so that the end of the time is the end of it
}

func (c *Console) countdown(v *view, until time.Time, text func(left time.Duration) string) *countdown {
	t := &countdown{until: until, now: c.now}
	v.status = func() string { return text((t.left() + time.Second - 1).Truncate(time.Second)) }
	return t
}

func (t *countdown) left() time.Duration { return max(0, t.until.Sub(t.now())) }

// tick returns a channel for the next change of what is shown. It is nil when there is none any more.
func (t *countdown) tick() <-chan time.Time {
	if t == nil || t.left() == 0 {
		return nil
	}
	return time.After((t.left()-1)%time.Second + 1) // to the next whole second
}

// ask shows a view and reads until a line is complete, or until the time of a countdown that is alone is over.
func (c *Console) ask(ctx context.Context, v *view, t *countdown) (string, error) {
	end, err := c.begin(ctx)
	if err != nil {
		return "", err
	}
	defer end()
	v.begin()
	alone := t != nil && t.alone
	keyboard, err := c.keyboard(v.hidden)
	if err != nil {
		return "", err
	}
	defer keyboard.restore()
	v.moves = keyboard.raw && !c.dumb() && v.out.terminal
	d := &dialogue{Console: c, view: v, keyboard: keyboard, editor: editor{literal: !keyboard.raw}, alone: alone}
	line, err := d.run(ctx, t)
	d.finish(err)
	return line, err
}

// dialogue is one question while it is asked.
type dialogue struct {
	*Console
	view     *view
	keyboard *keyboard
	editor   editor
	alone    bool
}

func (d *dialogue) run(ctx context.Context, t *countdown) (string, error) {
	signals := notify()
	defer signals.stop()
	tick := t.tick()
	if d.alone && tick == nil {
		return "", nil
	}
	d.view.draw(nil)
	for {
		if line, done, err := d.typed(signals); done || err != nil {
			return line, err
		}
		var more <-chan chunk
		if !d.alone || d.keyboard.raw { // a wait leaves alone what a script has for the next question
			more = d.in.more()
		}
		select {
		case chunk := <-more:
			d.in.keep(chunk)
		case <-tick:
			if tick = t.tick(); d.alone && tick == nil {
				return "", nil
			}
			d.view.draw(d.editor.line)
		case <-signals.end:
			return "", ErrInterrupted
		case <-signals.resumed:
			if err := d.resume(); err != nil {
				return "", err
			}
		case <-ctx.Done():
			return "", interrupted(ctx)
		}
	}
}

// typed takes what has been read up to the end of a line.
func (d *dialogue) typed(signals *signals) (line string, done bool, err error) {
	changed := false // shown once for all that was read: a pasted text would be drawn as often as it has characters
	defer func() {
		if changed && d.view.moves && !d.view.hidden && !d.alone {
			d.view.draw(d.editor.line)
		}
	}()
	for {
		b, ok := d.in.take()
		if !ok {
			return d.ended()
		}
		switch d.editor.feed(b) {
		case keyNone:
		case keyAdded, keyErased:
			changed = true
		case keyEnter:
			if d.alone {
				d.editor.clear()
				continue
			}
			line, err := d.answer()
			return line, true, err
		case keyEOF:
			if !d.alone {
				return "", true, io.EOF
			}
		case keyInterrupt:
			d.in.drop()
			return "", true, ErrInterrupted
		case keySuspend:
			if err := d.suspend(signals); err != nil {
				return "", true, err
			}
		}
	}
}

// ended deals with the end of In, which is the end of its last line too. The wait of a countdown goes on.
func (d *dialogue) ended() (line string, done bool, err error) {
	switch {
	case d.in.err == nil:
		return "", false, nil
	case d.alone:
		return "", true, d.in.err
	case errors.Is(d.in.err, io.EOF) && len(d.editor.line) > 0:
		line, err := d.answer()
		return line, true, err
	default:
		return "", true, d.in.err
	}
}

func (d *dialogue) answer() (string, error) {
	if d.editor.tooLong {
		return "", ErrTooLong
	}
	return string(d.editor.line), nil
}

// finish leaves the cursor at the beginning of a line: a new one, or that of a countdown that is over.
func (d *dialogue) finish(err error) {
	if d.view.moves && d.view.status != nil && !d.alone {
		d.view.status = nil // a time that has stood still says nothing
		d.view.draw(d.editor.line)
	}
	switch {
	case d.alone && d.view.moves && err == nil:
		d.view.write("\r\x1b[J")
	case d.view.ask == "" && !d.view.moves:
		// Nothing was shown, or a line with its end.
	case err == nil && d.inTerminal && !d.keyboard.raw:
		// The terminal has shown the end of the line that was typed.
	default:
		d.view.write(d.keyboard.newline())
	}
}

// suspend stops the program as ctrl-Z does, with the terminal as it was before the question.
func (d *dialogue) suspend(signals *signals) error {
	d.view.write(d.keyboard.newline())
	d.keyboard.restore()
	signals.suspendAll()
	return d.resume()
}

// resume asks on after the program was stopped and goes on.
func (d *dialogue) resume() error {
	d.view.rows, d.view.printed = 0, false
	if err := d.keyboard.set(); err != nil {
		return err
	}
	d.view.draw(d.editor.line)
	return nil
}

// interrupted is the error of a context that has ended. That the time is over is nobody's interruption.
func interrupted(ctx context.Context) error {
	if errors.Is(ctx.Err(), context.DeadlineExceeded) {
		return fmt.Errorf("nobody has answered: %w", context.Cause(ctx))
	}
	return fmt.Errorf("%w: %w", ErrInterrupted, context.Cause(ctx))
}
