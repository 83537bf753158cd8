// Outside of a page the js-sdk needs an adapter, which is how it runs in mini programs and quick apps too. This one is for Node.
// A program of your own can copy it: cloudbase.useAdapters(adapter).

// storage is what the js-sdk keeps sessions in. It has the methods of a page's localStorage that the js-sdk uses.
const items = new Map()
export const storage = {
  getItem: (key) => items.get(key) ?? null,
  setItem: (key, value) => void items.set(key, String(value)),
  removeItem: (key) => void items.delete(key),
  clear: () => items.clear(),
}

// Requests is the adapter's HTTP client. As that of a page, it puts the data of a GET into the query.
class Requests {
  get = (options) => this.send('GET', options)
  post = (options) => this.send('POST', options)
  put = (options) => this.send('PUT', options)
  patch = (options) => this.send('PATCH', options)
  delete = (options) => this.send('DELETE', options)

  async send(method, { url, headers, data, body }) {
    const target = new URL(url)
    if (method === 'GET') {
      for (const [name, value] of Object.entries(data ?? {})) target.searchParams.append(name, value)
    }
    let response, text
    try {
      response = await fetch(target, { method, headers, body: method === 'GET' ? undefined : body })
      text = await response.text()
    } catch (error) {
      throw Object.assign(error, { error: 'unreachable', error_description: error.message })
    }
    try {
      return { statusCode: response.status, header: Object.fromEntries(response.headers), data: JSON.parse(text) }
    } catch {
      throw { error: 'unreachable', error_description: 'the answer is not JSON' }
    }
  }

  upload() {
    throw new Error('no flow uploads')
  }

  download() {
    throw new Error('no flow downloads')
  }
}

// adapter is what useAdapters takes. Captchas are answered by the function that is given as solveCaptcha.
export const adapter = {
  runtime: 'node',
  isMatch: () => true,
  solveCaptcha: undefined,
  genAdapter: () => ({
    root: globalThis,
    reqClass: Requests,
    wsClass: class {},
    localStorage: storage,
    captchaOptions: { openURIWithCallback: (url) => adapter.solveCaptcha(url) },
  }),
}
