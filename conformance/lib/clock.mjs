// The time that the js-sdk sees. Like the emulator's, it is the machine's and an offset that a flow adds to.

const RealDate = Date
let offset = 0

class ShiftedDate extends RealDate {
  constructor(...args) {
    if (args.length > 0) super(...args)
    else super(ShiftedDate.now())
  }

  static now() {
    return RealDate.now() + offset
  }
}

export function install() {
  globalThis.Date = ShiftedDate
}

export function advance(milliseconds) {
  offset += milliseconds
}

export function reset() {
  offset = 0
}
