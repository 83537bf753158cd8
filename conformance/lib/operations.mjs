// driven names the operations among requests that the js-sdk itself called and that the emulator carried out.
export function driven(requests) {
  const names = requests
    .filter((request) => request.status === 200 && /^@cloudbase\/js-sdk\//.test(request.header['X-Sdk-Version']?.[0] ?? ''))
    .map((request) => `${request.method} ${request.operation}`)
  return [...new Set(names)]
}
