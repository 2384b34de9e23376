// The signing key and the whole database are out. What can whoever has them do, and what does it cost the users?
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { askConsent, authorize, connectApp, createBrowser } from '../browser.ts'
import { createDevice, createPkce, type Device } from '../device.ts'
import { type LocalInstance, newAddress } from '../local-instance.ts'
import { type Outcome, summarize, tryAll } from './attempt.ts'
import { type Checks, createChecks } from './checks.ts'
import { attemptsOf } from './key-leak-attempts.ts'
import { createOperator, type Operator, registerTrialClients } from './operator.ts'
import { publish } from './publish.ts'
import { claimsOf, createThief } from './thief.ts'

const ALARMS = ['token.forged', 'link.forged']
/** In which the count of an alarm becomes exact. */
const COUNT_MS = 12_000
const POLL_MS = 250
const SHOWN_MAX = 20

/** @param keeps whether the published folder stays @returns the claims that did not hold */
export async function drillKeyLeak(
  instance: LocalInstance,
  stateDir: string,
  keeps: boolean,
): Promise<readonly string[]> {
  const checks = createChecks()
  const { tell, check } = checks
  const operator = createOperator(instance.origin)
  const directory = mkdtempSync(join(tmpdir(), 'latchkey-key-leak-'))
  const clients = await registerTrialClients(instance.origin, operator)
  try {
    const { ann, mallory } = await signInPeople(instance, clients.ofDevices.id, checks)

    tell('\n2. The signing key and every row of the database are published:')
    for (const path of await publish(stateDir, directory)) tell(`   ${path}`)
    const thief = createThief(directory)

    tell('\n3. Mallory has both, forges, and tries it wherever it would be taken:')
    const before = await operator.countAlarms(ALARMS)
    const outcomes = await tryAll(
      instance.origin,
      attemptsOf({ thief, victimId: ann.id, ...mallory, ...clients }),
    )
    report(outcomes, checks)
    await reportAlarms(operator, before, outcomes, checks)

    tell(`\n4. The operator removes the key: npm run admin -- keys rotate --emergency ${thief.kid}`)
    const { active } = await operator.ask('POST', '/keys/rotate', { emergency: thief.kid })
    check(`another key is active: ${active}`, typeof active === 'string' && active !== thief.kid, active)

    tell('\n5. Nobody was signed out, by the thief or by the new key:')
    for (const [name, device] of ann.devices) await checkSignedIn(name, device, thief.kid, checks)
    const { status } = await ann.browser.request('GET', '/v1/sessions/current')
    check('her browser is signed in', status === 200, status)
  } finally {
    await clients.remove()
    if (!keeps) rmSync(directory, { recursive: true })
  }
  return checks.broken
}

/** Ann on two devices, in a browser and with an app of others; Mallory with a session and begun sign-ins of Ann's. */
async function signInPeople({ origin, mailbox }: LocalInstance, television: string, { tell, check }: Checks) {
  const [email, mallory] = [newAddress('ann'), newAddress('mallory')]
  const device = (clientId: string, name: string) => createDevice(origin, mailbox, clientId, name)
  const former = device('demo', 'Former phone')
  const phone = device('demo', 'Phone')
  const tablet = device('demo-tablet', 'Tablet')
  const app = device('demo-app', 'Calendar')
  const own = device('demo', 'Mallory’s phone')
  const [browser, ownBrowser] = [createBrowser(origin, mailbox), createBrowser(origin, mailbox)]

  tell(`1. Ann is ${email}: a phone that was replaced, a phone, a tablet, a browser, an app of others.`)
  const answers = [
    await former.signIn(email),
    await phone.signIn(email),
    await tablet.signIn(email),
    await own.signIn(mallory),
  ]
  await ownBrowser.signIn(mallory)
  await browser.signIn(email)
  await connectApp(browser, 'demo-app', app)
  await authorize(browser, 'demo-app')
  check(
    'they are signed in',
    answers.every(({ status }) => status === 200),
    answers,
  )

  // Her television waits for her.
  await askForCode(origin, television)

  const { verifier, challenge } = createPkce()
  const asked = await fetch(`${origin}/v1/sign-ins`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ client_id: 'demo', email, ...challenge }),
  })
  const { sign_in_id: id } = (await asked.json()) as { sign_in_id: string }
  const thiefsBrowser = createBrowser(origin, mailbox)
  await thiefsBrowser.askForMail(email)
  const devices: readonly (readonly [string, Device])[] = [
    ['her phone', phone],
    ['her tablet', tablet],
    ['the connected app', app],
  ]
  return {
    ann: { id: String(claimsOf(phone.accessToken).sub), devices, browser },
    mallory: {
      ...{ ownToken: own.accessToken, ownRefreshToken: own.refreshToken, ownBrowser },
      ownDeviceCode: await askForCode(origin, television),
      ownRequest: (await askConsent(ownBrowser, 'demo-app')).pending,
      ...{ appSignIn: { id, verifier }, thiefsBrowser },
    },
  }
}

async function askForCode(origin: string, clientId: string): Promise<string> {
  const body = new URLSearchParams({ client_id: clientId })
  const answer = await fetch(`${origin}/oauth2/device_authorization`, { method: 'POST', body })
  return String(((await answer.json()) as { device_code: string }).device_code)
}

function report(outcomes: readonly Outcome[], { tell, check }: Checks): void {
  for (const line of summarize(outcomes)) tell(line)
  tell('         (200: introspection that says inactive, or revocation, which answers so to everything)')
  const accepted = outcomes.filter(({ wasAccepted }) => wasAccepted)
  for (const { attempt, answered } of accepted.slice(0, SHOWN_MAX)) {
    tell(
      `   NOT REFUSED: ${attempt.kind}, ${attempt.what}: ${attempt.method} ${attempt.path.split('?')[0]}: ${answered.status}`,
    )
  }
  check(`of ${outcomes.length} forgeries none was accepted`, accepted.length === 0, accepted.length)
}

async function reportAlarms(
  operator: Operator,
  before: number,
  outcomes: readonly Outcome[],
  { check }: Checks,
): Promise<void> {
  const signed = outcomes.filter(({ attempt }) => attempt.raisesAlarm).length
  const deadline = Date.now() + COUNT_MS
  let raised = 0
  do {
    raised = (await operator.countAlarms(ALARMS)) - before
    if (raised >= signed) break
    await sleep(POLL_MS)
  } while (Date.now() < deadline)
  check(`the alarm counts each one that the leaked key had signed well: ${raised}`, raised >= signed, signed)
}

/** The token that it has may be of the removed key; a refresh gives one of the next, without anybody signing in. */
async function checkSignedIn(
  name: string,
  device: Device,
  leakedKid: string,
  { check }: Checks,
): Promise<void> {
  const refreshed = await device.refresh()
  const whoami = await device.request('GET', '/ping/whoami')
  const header = device.accessToken.split('.')[0] ?? ''
  const { kid } = JSON.parse(Buffer.from(header, 'base64url').toString() || '{}')
  const holds = refreshed.status === 200 && whoami.status === 200 && kid !== leakedKid
  check(`${name} refreshes and calls, with a token of the new key`, holds, [
    refreshed.status,
    whoami.status,
    kid,
  ])
}
