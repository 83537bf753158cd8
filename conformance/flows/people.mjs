// Who takes part in the flows.
export const phone = '+86 13800000000'
export const otherPhone = '+86 13800000001'
export const email = 'ming@example.com'
export const otherEmail = 'hong@example.com'
export const password = 'passw0rd'
export const newPassword = 'passw0rd2'

// ming has every way to sign in.
export const ming = {
  sub: '1000000000000000001', username: 'xiaoming', password, phone_number: phone, email, name: '小明',
  picture: 'https://example.com/ming.png', groups: ['editors'],
}
export const hong = {
  sub: '1000000000000000002', username: 'xiaohong', password, phone_number: otherPhone, email: otherEmail,
}

// signedIn adds a person's account and signs them in by password.
export async function signedIn(t, person = ming) {
  await t.control.addUser(person)
  const session = t.open()
  await session.auth.signIn({ username: person.username, password })
  if (session.events.told) await t.expectEvents(session.events, 'SIGNED_IN')
  return session
}
