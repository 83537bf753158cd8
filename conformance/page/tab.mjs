// Another tab of the flow that has opened it: the same storage and time, and a js-sdk of its own.
globalThis.Date = parent.Date
const { default: sdk } = await import('/sdk.js')
parent.tabLoaded(sdk)
