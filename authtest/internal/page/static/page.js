// The page works without this. With it, the page follows what happens: the server says that something has changed, and the page is
// fetched again and its changed parts put in place of the old ones, one by one, so that nothing that is being typed, open, in focus
// or scrolled to is lost.
'use strict'
document.documentElement.classList.add('js')

const page = document.getElementById('page')
const header = document.querySelector('header')
const live = document.getElementById('live')

// ahead is by how many milliseconds the server's clock, in its time zone, is ahead of this machine's in UTC.
function ahead() {
  const [, local] = document.getElementById('now').dateTime.match(/^(.*?)(?:Z|[+-]\d\d:\d\d)$/)
  return Date.parse(`${local}Z`) - Date.now()
}
let clock = ahead()

// isDirty says whether a field has what was typed into it, and not what the server has sent.
function isDirty(field) {
  if (field.type === 'checkbox') return field.checked !== field.defaultChecked
  if (field.tagName === 'SELECT') return [...field.options].some((o) => o.defaultSelected) && [...field.options].some((o) => o.selected !== o.defaultSelected)
  return field.type !== 'hidden' && field.value !== field.defaultValue
}

// restore makes a field that is not dirty say what the server has sent, which a field that was typed into once does not do by itself.
function restore(field) {
  if (field.type === 'checkbox') field.checked = field.defaultChecked
  else if (field.tagName === 'SELECT') [...field.options].forEach((o) => o.defaultSelected && (o.selected = true))
  else if (field.value !== field.defaultValue) field.value = field.defaultValue
}

const fieldsOf = (node) => [...node.querySelectorAll('input, select, textarea')]

// isInUse says whether a user needs a node, also if the server has it no more. The form that was sent, if any, and the row around it
// are as the answer has them, and what was wrong before is settled.
function isInUse(node, form) {
  if (node.nodeType !== Node.ELEMENT_NODE || form && (node.contains(form) || form.contains(node))) return false
  return !form && node.classList.contains('wrong') || node.matches('form:has(.wrong)') || node.querySelector('form .wrong')
    || node.contains(document.activeElement) || fieldsOf(node).some(isDirty)
}

// put makes an element, which stays, what another one is. A form that was refused stays as it is until it is sent again.
function put(old, fresh, form) {
  if (old.isEqualNode(fresh)) return
  if (!form && old.id === 'notice' || old !== form && old.matches('form:has(.wrong)')) return
  const restores = old.matches('input:not([type=hidden], [data-filter]), select, textarea') && !isDirty(old)
  for (const { name, value } of fresh.attributes) {
    if (name !== 'open' && old.getAttribute(name) !== value) old.setAttribute(name, value)
  }
  for (const { name } of [...old.attributes]) {
    if (name !== 'open' && !fresh.hasAttribute(name)) old.removeAttribute(name)
  }
  if (fresh.hasAttribute('open') && fresh.querySelector('.wrong')) old.open = true
  putChildren(old, fresh, form)
  if (restores) restore(old)
}

// isChosen says whether a node is the option of a select that is sent. It stays when what it stands for is gone: the browser
// would choose another.
const isChosen = (node) => node.nodeName === 'OPTION' && node.selected

// move moves a node before another one. The browser takes the focus from what is moved, and may choose another option meanwhile.
function move(node, parent, next) {
  const chosen = isChosen(node)
  const focused = document.activeElement
  parent.insertBefore(node, next)
  if (chosen) node.selected = true
  if (node.contains(focused)) focused.focus({ preventScroll: true })
}

// keys are by what nodes are known again: an id, or else what it is, with the value of an option, and its number among such.
function keys(parent) {
  const counts = {}
  return [...parent.childNodes].map((node) => {
    const id = node.getAttribute?.('id') // of a form, node.id can be an input
    if (id) return `#${id}`
    const kind = node.nodeName === 'OPTION' ? `OPTION ${node.value}` : node.nodeName
    counts[kind] = (counts[kind] ?? 0) + 1
    return `${kind} ${counts[kind]}`
  })
}

function putChildren(old, fresh, form) {
  const names = keys(old)
  const known = new Map([...old.childNodes].map((node, i) => [names[i], node]))
  const wanted = keys(fresh)
  for (const [name, node] of known) {
    if (wanted.includes(name)) continue
    if (isChosen(node) || isInUse(node, form)) node.classList.add('gone')
    else node.remove()
  }
  let next = old.firstChild
  ;[...fresh.childNodes].forEach((node, i) => {
    while (next?.classList?.contains('gone') && ![...known].some(([name, n]) => n === next && wanted.includes(name))) next = next.nextSibling
    const same = known.get(wanted[i])
    if (!same) {
      const added = document.importNode(node, true)
      if (!form && added.tagName === 'LI') added.classList.add('fresh')
      old.insertBefore(added, next)
      return
    }
    if (same === next) next = next.nextSibling
    else move(same, old, next)
    if (same.nodeType === Node.TEXT_NODE) {
      if (same.data !== node.data) same.data = node.data
    } else if (same.nodeType === Node.ELEMENT_NODE) {
      put(same, node, form)
    }
  })
}

// copied are the buttons that say for a moment that they have copied, each with what it says otherwise.
const copied = new Map()

function sayCopied(button) {
  button.textContent = button.dataset.done
  button.classList.add('done')
}

// nearby is what takes the focus if what has it goes, the best first: its row, the rows beside it, and the titles.
function nearby(element) {
  const row = element.closest('.rows > li')
  const rows = [row, row?.nextElementSibling, row?.previousElementSibling].map((one) => one?.querySelector('summary, select, button'))
  return [...rows, element.closest('section')?.querySelector('h2'), document.getElementById('inbox-title')]
}

// show puts a page that was fetched in place of the old one, and says whether it is one. form is the form that the page is the answer
// to, undefined if no user has asked for it.
function show(html, form) {
  const fresh = new DOMParser().parseFromString(html, 'text/html')
  if (!fresh.getElementById('page')) return false
  const focused = document.activeElement
  const near = nearby(focused)
  put(page, fresh.getElementById('page'), form)
  tell(fresh.getElementById('live'))
  put(header, fresh.querySelector('header'), form)
  document.documentElement.lang = fresh.documentElement.lang
  for (const button of copied.keys()) sayCopied(button)
  document.title = fresh.title
  clock = ahead()
  document.querySelectorAll('[data-filter]').forEach(filter)
  if (form && (!focused.isConnected || focused.disabled)) near.find((place) => place?.getClientRects().length)?.focus({ preventScroll: true })
  return true
}

let notice // the timer that ends it

function endNotice() {
  clearTimeout(notice)
  document.getElementById('notice').replaceChildren()
}

function say(text) {
  clearTimeout(notice)
  const said = document.createElement('p')
  said.className = 'notice wrong'
  said.textContent = text
  document.getElementById('notice').replaceChildren(said)
}

// warn says on the page what an answer says that is another page, or only a text.
function warn(answer, body) {
  const other = new DOMParser().parseFromString(body, 'text/html')
  const text = (other.querySelector('main') ?? other.body).textContent.replace(/\s+/g, ' ').trim()
  say(text.slice(0, 500) || `HTTP ${answer.status}`)
}

// held is a promise that is kept a moment after the mouse's button or the finger is let go of, undefined while none is down. Until then
// no change is shown: what is pressed would move away, and the click be lost or meet something else.
let held
let letGo
let ending
addEventListener('pointerdown', ({ button }) => {
  if (button !== 0) return
  clearTimeout(ending)
  ending = undefined
  held ??= new Promise((resolve) => (letGo = resolve))
}, true)
for (const end of ['pointerup', 'pointercancel', 'pointermove', 'keydown']) { // after a menu only the others come
  addEventListener(end, ({ type, buttons, key }) => {
    if (!held || type === 'pointermove' && buttons !== 0 || type === 'keydown' && key !== 'Escape') return
    ending ??= setTimeout(() => {
      held = ending = undefined
      letGo()
    }, 50) // after a finger's click
  }, true)
}

// load is an answer and its body, undefined if none came.
async function load(...request) {
  try {
    const answer = await fetch(...request)
    return { answer, body: await answer.text() }
  } catch {
    return undefined
  }
}

let fetching = false
let again = false
let sent = 0 // forms, and their answers: what was fetched before one may be older than it

async function follow() {
  if (fetching) return void (again = true)
  fetching = true
  try {
    do {
      again = false
      const before = sent
      const loaded = await load(location.href, { cache: 'no-store' })
      while (held) await held
      if (sent !== before) again = true
      else if (loaded?.answer.ok) show(loaded.body)
    } while (again)
  } finally {
    fetching = false
  }
}

let stream
let hears = false // whether the server says what changes

// tell says whether the page follows what happens.
function tell(element) {
  element.classList.toggle('on', hears)
  element.textContent = hears ? element.dataset.here : element.dataset.away
}

function listen() {
  stream?.close()
  stream = undefined
  if (document.hidden) return // a browser has few connections for one server
  const mine = stream = new EventSource('changes')
  const hear = (can) => {
    hears = can
    tell(live)
  }
  mine.onopen = () => hear(true)
  mine.onmessage = follow
  mine.onerror = () => {
    hear(false)
    if (mine.readyState === EventSource.CLOSED) setTimeout(() => mine === stream && listen(), 5000)
  }
}
document.addEventListener('visibilitychange', listen)
addEventListener('pagehide', () => stream?.close())
addEventListener('pageshow', (event) => event.persisted && listen())
listen()

setInterval(() => {
  const now = document.getElementById('now')
  now.textContent = new Date(Date.now() + clock).toISOString().slice(11, 19)
}, 1000)

// filter hides the rows that do not have what is searched for.
function filter(input) {
  const words = input.value.toLowerCase().split(/\s+/).filter(Boolean)
  for (const row of document.getElementById(input.dataset.filter).children) {
    row.hidden = !words.every((word) => row.dataset.find.includes(word))
  }
}

// search asks the server too, which knows more rows than it shows.
let typing
function search(wait) {
  clearTimeout(typing)
  typing = setTimeout(() => {
    const query = new URLSearchParams(new FormData(document.getElementById('filters')))
    for (const [name, value] of [...query]) if (!value.trim()) query.delete(name)
    history.replaceState(null, '', `./?${query}${location.hash}`)
    follow()
  }, wait)
}

document.addEventListener('input', ({ target }) => {
  if (!target.dataset.filter) return
  filter(target)
  search(250)
})

// valueOf is what a user has put into a field.
const valueOf = (field) => field.type === 'checkbox' ? field.checked : field.value

// done tidies a form up that was carried out. values are its fields with what was sent: what was typed since then stays.
function done(form, values) {
  const focused = form.contains(document.activeElement)
  const asSent = [...values].filter(([field, value]) => valueOf(field) === value)
  asSent.forEach(([field]) => restore(field))
  if (asSent.length < values.size) return
  for (let box = form.closest('details.confirm, details.sub'); box; box = box.parentElement.closest('details.confirm, details.sub')) {
    box.open = false
    if (focused) box.querySelector('summary').focus({ preventScroll: true }) // the form is hidden
  }
}

const sending = new Set() // forms: a second click sends nothing more
document.addEventListener('submit', async (event) => {
  const form = event.target
  event.preventDefault()
  if (form.method !== 'post') return search(0)
  if (sending.has(form)) return
  const values = new Map(fieldsOf(form).map((field) => [field, valueOf(field)]))
  sending.add(form)
  sent++
  endNotice() // the same one is heard only if it comes again
  const loaded = await load(form.action, { method: 'POST', body: new URLSearchParams(new FormData(form, event.submitter)) })
  while (held) await held
  sending.delete(form)
  sent++
  if (!loaded) return say(document.getElementById('notice').dataset.lost)
  const { answer, body } = loaded
  if (answer.ok) done(form, values)
  if (!show(body, form)) return warn(answer, body)
  if (!answer.ok) form.querySelector('[aria-invalid]')?.focus()
  clearTimeout(notice)
  notice = setTimeout(endNotice, 6000)
})

// write puts the text of a button on the clipboard, and says whether it is there.
async function write(button) {
  try {
    await navigator.clipboard.writeText(button.dataset.copy)
    return true
  } catch { // Without TLS only pages of this machine have a clipboard.
    const area = document.body.appendChild(document.createElement('textarea'))
    area.value = button.dataset.copy
    area.select()
    const written = document.execCommand('copy')
    area.remove()
    button.focus()
    return written
  }
}

async function copy(button) {
  if (!await write(button) || copied.has(button)) return
  const status = document.getElementById('copied') // a screen reader reads no text of a button that has a label
  copied.set(button, button.textContent)
  sayCopied(button)
  status.textContent = button.dataset.done
  setTimeout(() => {
    button.textContent = copied.get(button)
    button.classList.remove('done')
    copied.delete(button)
    if (!copied.size) status.textContent = ''
  }, 1500)
}

document.addEventListener('click', ({ target }) => {
  const button = target.closest('button.copy')
  if (button) copy(button)
})
