// The package text-encoding-shim is no ES module. In a browser that has these two, as all of today's do, it exports them.
export const { TextDecoder, TextEncoder } = globalThis
