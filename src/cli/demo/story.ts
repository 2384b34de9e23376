// The story that the demo tells. Every line is checked before it is told: a wrong answer ends the story.
import { type Answer, createDevice, type Device } from '../device.ts'
import type { Mailbox } from '../mailbox.ts'
import { UsageError } from '../settings.ts'

export async function tellStory(origin: string, mailbox: Mailbox, email: string): Promise<void> {
  const phoneA = createDevice(origin, mailbox, 'demo', 'Phone A')
  const phoneB = createDevice(origin, mailbox, 'demo', 'Phone B')
  const tablet = createDevice(origin, mailbox, 'demo-tablet', 'Tablet')

  console.log(`Ann is ${email}. Each sign-in is a real mail with a code that works once.\n`)

  await signIn(phoneA, 'Phone A', email)
  console.log('1. Phone A signs in to the client demo.')
  await signIn(tablet, 'The tablet', email)
  console.log('2. The tablet signs in to another client, demo-tablet.')
  tellPlaces('   Ann is signed in on', await phoneA.request('GET', '/v1/sessions'), ['Tablet', 'Phone A'])

  await signIn(phoneB, 'Phone B', email)
  console.log('\n3. Phone B signs in to demo too. Its rule is one session for each person: A is replaced.')
  tellRefusal("   Phone A's token", await phoneA.request('GET', '/ping/whoami'), 'session_replaced')
  tellAccepted("   The tablet's token", await tablet.request('GET', '/ping/whoami'))
  tellPlaces('   Ann is signed in on', await phoneB.request('GET', '/v1/sessions'), ['Phone B', 'Tablet'])

  const ended = await phoneB.request('POST', '/v1/sessions/revoke-others', { client_id: '*' })
  expect('revoke-others', ended, 200, ended.body.revoked === 1)
  console.log('\n4. Phone B ends every other session, of every client. One session ended, at once:')
  tellRefusal("   The tablet's token", await tablet.request('GET', '/ping/whoami'), 'session_ended')
  tellAccepted("   Phone B's token", await phoneB.request('GET', '/ping/whoami'))
  tellPlaces('   Ann is signed in on', await phoneB.request('GET', '/v1/sessions'), ['Phone B'])

  const log = await phoneB.request('GET', '/v1/events')
  const events = (log.body.events ?? []) as { seq: number; type: string; reason: string | null }[]
  expect('events', log, 200, events.length === 5)
  console.log("\n5. Ann's own log has it all, without a gap:")
  for (const { seq, type, reason } of events.toReversed()) {
    console.log(`   ${seq}. ${type}${reason === null ? '' : ` (${reason})`}`)
  }
}

async function signIn(device: Device, name: string, email: string): Promise<void> {
  expect(`${name} signing in`, await device.signIn(email), 200)
}

function tellAccepted(what: string, answer: Answer): void {
  expect(what, answer, 200, answer.body.authenticated === true)
  console.log(`${what}: accepted.`)
}

function tellRefusal(what: string, answer: Answer, code: string): void {
  expect(what, answer, 401, answer.body.code === code)
  const { reason, ended_at } = answer.body
  console.log(`${what}: refused with ${code} (${reason}, ${ended_at}).`)
}

function tellPlaces(what: string, answer: Answer, names: readonly string[]): void {
  const sessions = (answer.body.sessions ?? []) as { device: { name: string } }[]
  const found = sessions.map(session => session.device.name)
  expect(what, answer, 200, found.toSorted().join() === names.toSorted().join())
  console.log(`${what}: ${found.join(', ')}.`)
}

function expect(what: string, answer: Answer, status: number, holds = true): void {
  if (answer.status === status && holds) return
  const told = JSON.stringify(answer.body, null, 2)
  throw new UsageError(`\nThis is not how the story goes. ${what.trim()}: ${answer.status} ${told}`)
}
