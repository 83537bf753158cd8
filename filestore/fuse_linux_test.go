package filestore

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"os"
	"slices"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// TestHangingFileSystem: the value of one key lies on a file system that does not answer, the others do not. It runs in a process
// of its own, as TestFullDisk does.
func TestHangingFileSystem(t *testing.T) {
	t.Parallel()
	if os.Getenv(smallEnv) == "" {
		runMounting(t)
		return
	}
	store := newStore(t)
	require.NoError(t, store.Set(t.Context(), "hangs", []byte("value"), 0))
	require.NoError(t, store.Set(t.Context(), "other", []byte("value"), 0))
	reads := mountSilentFile(t, store.path("hangs", valueSuffix))

	const callers, limit = 30, 300 * time.Millisecond
	ctx, cancel := context.WithTimeout(t.Context(), limit)
	defer cancel()
	deadline, _ := ctx.Deadline()
	late := make([]time.Duration, callers)
	var wg sync.WaitGroup
	for i := range late {
		wg.Go(func() {
			_, err := store.Get(ctx, "hangs")
			late[i] = time.Since(deadline)
			assert.Equal(t, context.DeadlineExceeded, err)
		})
	}
	<-reads // at least one hangs
	for range 20 {
		require.NoError(t, store.Set(t.Context(), "other", []byte("another"), 0))
		value, err := store.Get(t.Context(), "other")
		require.NoError(t, err)
		assert.Equal(t, "another", string(value))
		held, unlock, err := store.Lock(t.Context(), "other")
		require.NoError(t, err)
		require.NoError(t, store.Set(held, "other", []byte("held"), 0))
		unlock()
	}
	wg.Wait()
	t.Logf("%d calls that hung returned up to %v after their context had ended", callers, slices.Max(late))
	assert.Less(t, slices.Max(late), 2*time.Second)

	// A cancelled context ends a call just so.
	cancelled, cancel := context.WithCancel(t.Context())
	defer time.AfterFunc(limit/10, cancel).Stop()
	_, err := store.Get(cancelled, "hangs")
	require.Equal(t, context.Canceled, err)
	_, unlock, err := store.Lock(t.Context(), "hangs")
	require.NoError(t, err, "the lock is another file")
	unlock()
}

// What the kernel asks a file system in user space, and the sizes of the answers (linux/fuse.h).
const (
	fuseGetattr, fuseOpen, fuseRead, fuseInit = 3, 14, 15, 26

	fuseInHeader, fuseOutHeader           = 40, 16
	fuseInitOut, fuseAttrOut, fuseOpenOut = 64, 104, 16
)

// mountSilentFile mounts a file system in user space on a file: it is one file that can be opened and never be read. reads gets
// an element for each read that hangs.
func mountSilentFile(t *testing.T, path string) (reads <-chan struct{}) {
	t.Helper()
	dev, err := syscall.Open("/dev/fuse", syscall.O_RDWR|syscall.O_CLOEXEC, 0) // which Go's poller does not take
	if err != nil {
		t.Skipf("NOT TESTED on a file system that hangs: %v", err)
	}
	options := fmt.Sprintf("fd=%d,rootmode=100600,user_id=%d,group_id=%d", dev, os.Getuid(), os.Getgid())
	if err := syscall.Mount("silent", path, "fuse", 0, options); err != nil {
		_ = syscall.Close(dev)
		t.Skipf("NOT TESTED on a file system that hangs: mount: %v", err)
	}
	hung := make(chan struct{}, 1000)
	served := make(chan struct{})
	go func() { // ends with the mount, as do the reads that hang
		defer close(served)
		serveSilentFile(dev, hung)
	}()
	t.Cleanup(func() {
		require.NoError(t, syscall.Unmount(path, syscall.MNT_DETACH|syscall.MNT_FORCE))
		<-served
		_ = syscall.Close(dev)
	})
	return hung
}

func serveSilentFile(dev int, hung chan<- struct{}) {
	order := binary.NativeEndian
	in := make([]byte, 1<<20)
	for {
		n, err := syscall.Read(dev, in)
		if err != nil || n < fuseInHeader {
			if errors.Is(err, syscall.EINTR) || errors.Is(err, syscall.ENOENT) {
				continue
			}
			return
		}
		var body []byte
		errno := int32(0)
		switch opcode := order.Uint32(in[4:]); opcode {
		case fuseInit:
			body = make([]byte, fuseInitOut)
			order.PutUint32(body, 7)          // the version of the protocol: 7.31
			order.PutUint32(body[4:], 31)     //
			order.PutUint32(body[20:], 1<<16) // the most that is written at once
		case fuseGetattr:
			body = make([]byte, fuseAttrOut)
			attr := body[16:]
			order.PutUint64(attr, 1)                          // inode
			order.PutUint64(attr[8:], 5)                      // size
			order.PutUint32(attr[60:], syscall.S_IFREG|0o600) // mode
			order.PutUint32(attr[64:], 1)                     // links
			order.PutUint32(attr[68:], uint32(os.Getuid()))   //nolint:gosec // an id
			order.PutUint32(attr[72:], uint32(os.Getgid()))   //nolint:gosec // an id
		case fuseOpen:
			body = make([]byte, fuseOpenOut)
		case fuseRead:
			hung <- struct{}{}
			continue // and no answer
		default:
			errno = -int32(syscall.ENOSYS)
		}
		out := new(bytes.Buffer)
		header := make([]byte, fuseOutHeader)
		order.PutUint32(header, uint32(fuseOutHeader+len(body))) //nolint:gosec // some bytes
		order.PutUint32(header[4:], uint32(errno))               //nolint:gosec // as the kernel has it
		copy(header[8:], in[8:16])                               // the number of the question
		out.Write(header)
		out.Write(body)
		if _, err := syscall.Write(dev, out.Bytes()); err != nil && !errors.Is(err, syscall.ENOENT) {
			return
		}
	}
}
