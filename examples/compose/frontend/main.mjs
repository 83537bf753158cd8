// Stands in for a front end: the js-sdk, in Node, signs a user in by SMS, and the backend says who is calling.
import { sdk } from '../../../conformance/lib/node-sdk.mjs'

const { TCB_ENV, TCB_BASE_URL, TCB_CONTROL_TOKEN, BACKEND_URL } = process.env
const phone = `+86 139${String(Math.random()).slice(2, 10).padEnd(8, '0')}` // a new user each time: a number gets one SMS a minute

const app = sdk.init({ env: TCB_ENV })
const [scheme, address] = TCB_BASE_URL.split(/:(.*)/)
app.registerEndPoint(address, scheme)
const auth = app.auth({ persistence: 'local' })

const info = await auth.getVerification({ phone_number: phone })
const inbox = await get(`${TCB_BASE_URL}/_emulator/inbox?wait=5s&to=${encodeURIComponent(phone)}`, TCB_CONTROL_TOKEN)
const code = JSON.parse(inbox).messages[0].code
await auth.signInWithSms({ verificationInfo: info, verificationCode: code, phoneNum: phone })

const known = await getWhenUp(`${BACKEND_URL}/me`, (await auth.getAccessToken()).accessToken)
const { sub } = await auth.getUserInfo()
if (known !== sub) throw new Error(`the backend knows user ${known}, and ${sub} has signed in`)
console.log('the backend knows user', sub)

// getWhenUp is get from a server that may have only just been started: it tries again while the connection is refused.
async function getWhenUp(url, token) {
  for (let left = 20; ; left--) {
    try {
      return await get(url, token)
    } catch (err) {
      if (left === 1 || err.cause?.code !== 'ECONNREFUSED') throw err
      await new Promise((resolve) => setTimeout(resolve, 500))
    }
  }
}

// get fetches a URL with a token.
async function get(url, token) {
  const response = await fetch(url, { headers: { Authorization: `Bearer ${token}` } })
  if (!response.ok) throw new Error(`GET ${new URL(url).pathname}: ${response.status}`)
  return response.text()
}
