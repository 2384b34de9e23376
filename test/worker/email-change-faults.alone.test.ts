// A change of address writes in up to three databases, step by step: what holds when it stops in between, and when others
// want the same address at the same moment.
import { env } from 'cloudflare:workers'
import { describe, expect, it } from 'vitest'
import { keepHouse } from '../../src/housekeeping.ts'
import { closeAndFind, deleteEmailChange } from '../../src/store/email-changes.ts'
import { settleEmailChange } from '../../src/user/settle-email-change.ts'
import { type Browser, signInBrowser } from './support/browser.ts'
import { askForChange, checkAddresses, codeIn, freshAddressBeside, typeCode } from './support/email-change.ts'
import {
  changeEnv,
  type Intercept,
  namespaceOf,
  objectsSeenThrough,
  workerSeenThrough,
} from './support/intercept.ts'
import { createService, freshAddress, type Service } from './support/service.ts'
import { createClient, redeem, requestLink, signIn } from './support/sign-in.ts'
import { checkHistory, eventsOfType, storedUsers } from './support/stored.ts'

const userOf = (owner: Browser): string => owner.cookie('__Host-session')?.split('.')[0] ?? ''

/** A service whose objects lose their databases at one statement: `before` it is run, or `after` it was. */
function crashingService() {
  const plan = { at: '', when: 'before' as 'before' | 'after', isDark: false }
  const lost = () => new Error('D1_ERROR: Network connection lost.')
  const service = createService({
    USER_SESSIONS: objectsSeenThrough(async (sql, run) => {
      const isHere = plan.at !== '' && sql[0]?.startsWith(plan.at) === true
      if (plan.isDark || (isHere && plan.when === 'before')) {
        plan.isDark = true
        throw lost()
      }
      const results = await run()
      plan.isDark = isHere
      if (isHere) throw lost()
      return results
    }),
  })
  const recover = () => Object.assign(plan, { at: '', isDark: false })
  return { service, plan, recover }
}

const STEPS = [
  'INSERT INTO emails',
  'INSERT INTO user_events',
  'UPDATE email_changes',
  'DELETE FROM emails',
  'DELETE FROM email_changes',
] as const
/** Ahead of every step, which is after the one before it; and once the answer alone is lost. */
const CRASHES = [...STEPS.map(at => ['before', at] as const), ['after', 'INSERT INTO user_events'] as const]

/** The two ends of every story: the change has come about for all to see, or not at all. */
async function expectOneTruth(
  service: Service,
  client_id: string,
  owner: Browser,
  email: string,
  fresh: string,
) {
  const userId = userOf(owner)
  const isChanged = (await storedUsers(service, fresh)).includes(userId)
  const [mine, free] = isChanged ? [fresh, email] : [email, fresh]
  // The index may still be wrong here: signing in must not follow it.
  expect((await signIn(service, client_id, free)).user_id).not.toBe(userId)
  expect((await signIn(service, client_id, mine)).user_id).toBe(userId)
  service.now += 900
  await keepHouse(service.parts, service.now)
  await checkAddresses(service)
  const { events } = await checkHistory(service, userId)
  expect(eventsOfType(events, 'email.changed')).toHaveLength(isChanged ? 1 : 0)
  const notices = service.mails.filter(mail => mail.to === email && mail.subject.includes('was changed'))
  expect(notices).toHaveLength(isChanged ? 1 : 0)
  return isChanged
}

describe('a change of address that stops in between', () => {
  it.each(CRASHES)(
    'ML-17: %s “%s”: the acknowledged counts, the rest never happened, nobody shares',
    async (when, at) => {
      const { service, plan, recover } = crashingService()
      const { client_id } = await createClient(service)
      const isLateStep = STEPS.indexOf(at) > 1
      for (const isTriedAgain of isLateStep ? [false] : [true, false]) {
        service.mails.length = 0
        const email = freshAddress()
        const fresh = await freshAddressBeside(service, email, 'another')
        const owner = await signInBrowser(service, email)
        const code = await askForChange(service, owner, fresh)
        Object.assign(plan, { at, when })
        const response = await typeCode(owner, code)
        recover()
        const isAcknowledged = response.status === 303
        if (!isAcknowledged)
          expect([response.status, response.headers.get('Retry-After')]).toEqual([503, '2'])
        // Up to the event everything can still fail; from there on it has happened.
        expect(isAcknowledged).toBe(isLateStep)
        if (isTriedAgain && !isAcknowledged) {
          const again = await typeCode(owner, code)
          expect(again.headers.get('Location')).toBe('/account?notice=email_changed')
        }
        const isChanged = await expectOneTruth(service, client_id, owner, email, fresh)
        expect(isChanged).toBe(
          isTriedAgain || isAcknowledged || (when === 'after' && at === 'INSERT INTO user_events'),
        )
      }
    },
  )

  it('ML-17: what a crash left over goes with the next request too', async () => {
    const { service, plan, recover } = crashingService()
    const email = freshAddress()
    const owner = await signInBrowser(service, email)
    for (const at of ['INSERT INTO user_events', 'DELETE FROM emails'] as const) {
      const code = await askForChange(service, owner, await freshAddressBeside(service, email, 'another'))
      Object.assign(plan, { at, when: 'before' })
      await typeCode(owner, code)
      recover()
      await expect(checkAddresses(service)).rejects.toThrow()
      await askForChange(service, owner, freshAddress())
      await checkAddresses(service)
    }
  })

  it('CF-05, ML-17: whose commit fails is still open, and the same code brings it about', async () => {
    const plan = { fails: false }
    const service = createService({
      USER_SESSIONS: objectsSeenThrough(async (sql, run) => {
        if (plan.fails && sql[0]?.startsWith('INSERT INTO user_events')) throw new Error('D1_ERROR: away')
        return run()
      }),
    })
    const owner = await signInBrowser(service, freshAddress())
    const code = await askForChange(service, owner, freshAddress())
    plan.fails = true
    expect((await typeCode(owner, code)).status).toBe(503)
    plan.fails = false
    expect((await typeCode(owner, code)).status).toBe(303)
    await checkAddresses(service)
  })

  it('ML-17: that has come about is settled by the next run of cron, not only when its code has expired', async () => {
    const { service, plan, recover } = crashingService()
    const email = freshAddress()
    const owner = await signInBrowser(service, email)
    const code = await askForChange(service, owner, await freshAddressBeside(service, email, 'another'))
    Object.assign(plan, { at: 'UPDATE email_changes', when: 'before' })
    expect((await typeCode(owner, code)).status).toBe(303)
    recover()
    await expect(checkAddresses(service)).rejects.toThrow()
    await keepHouse(service.parts, service.now)
    await checkAddresses(service)
  })

  it.each(['same', 'another'] as const)(
    'ML-17: who is in the index without having the address makes room for whoever proves it, in %s shard',
    async where => {
      const { service, plan, recover } = crashingService()
      const email = freshAddress()
      const fresh = await freshAddressBeside(service, email, where)
      const owner = await signInBrowser(service, email)
      const stoppedAt = async (at: (typeof STEPS)[number]) => {
        const code = await askForChange(service, owner, fresh)
        Object.assign(plan, { at, when: 'before' })
        await typeCode(owner, code)
        recover()
        return code
      }
      const provenBy = async (address: string) => {
        const other = await signInBrowser(service, freshAddress())
        const typed = await typeCode(other, await askForChange(service, other, address))
        expect(typed.headers.get('Location')).toBe('/account?notice=email_changed')
        expect(await storedUsers(service, address)).toEqual([userOf(other)])
        return other
      }
      // The new address, before the change has come about: that is over then.
      const code = await stoppedAt('INSERT INTO user_events')
      const other = await provenBy(fresh)
      expect((await typeCode(owner, code)).status).toBe(400)
      await checkAddresses(service)
      // And the former one, after it has.
      const elsewhere = await askForChange(service, other, freshAddress())
      expect((await typeCode(other, elsewhere)).status).toBe(303)
      await stoppedAt('DELETE FROM emails')
      await provenBy(email)
      expect(await storedUsers(service, fresh)).toEqual([userOf(owner)])
      await keepHouse(service.parts, service.now)
      await checkAddresses(service)
    },
  )
})

describe('a change beside another', () => {
  /** Something that happens once: before, or after, the first batch from now on that begins like this. */
  function disturbance() {
    const plan = { at: '', when: 'before' as 'before' | 'after', disturb: async (): Promise<unknown> => null }
    const intercept: Intercept = async (sql, run) => {
      if (plan.at === '' || sql[0]?.startsWith(plan.at) !== true) return run()
      plan.at = ''
      if (plan.when === 'before') await plan.disturb()
      const results = await run()
      if (plan.when === 'after') await plan.disturb()
      return results
    }
    return { plan, intercept }
  }

  it('LG-05: an account that is deleted while somebody else settles its change leaves no address', async () => {
    const { plan, intercept } = disturbance()
    const service = createService({ USER_SESSIONS: objectsSeenThrough(intercept) })
    const email = freshAddress()
    const owner = await signInBrowser(service, email)
    await askForChange(service, owner, freshAddress())
    const db = service.parts.shards.of(userOf(owner))
    const seen = await closeAndFind(db, userOf(owner), null)
    await owner.get('/account/delete')
    Object.assign(plan, {
      at: 'INSERT INTO user_events',
      when: 'after',
      disturb: () => deleteEmailChange(db, { userId: userOf(owner), id: seen.change?.id ?? '' }).run(),
    })
    const deleted = await owner.post('/account/delete', { email })
    expect([deleted.headers.get('Location'), plan.at]).toEqual(['/signed-out/deleted', ''])
    await checkAddresses(service)
  })

  it('ML-17: a code that is typed while a newer request takes its place leaves that one, and nothing of its own', async () => {
    const { plan, intercept } = disturbance()
    const service = createService({ USER_SESSIONS: objectsSeenThrough(intercept) })
    const owner = await signInBrowser(service, freshAddress())
    const former = await askForChange(service, owner, freshAddress())
    let code = ''
    const disturb = async () => {
      code = await askForChange(service, owner, freshAddress())
    }
    Object.assign(plan, { at: 'INSERT INTO emails', disturb })
    expect((await typeCode(owner, former)).status).toBe(400)
    await checkAddresses(service)
    expect((await typeCode(owner, code)).status).toBe(303)
    await checkAddresses(service)
  })

  it('ML-17: of two requests at the same moment the later one counts, and neither fails', async () => {
    const { plan, intercept } = disturbance()
    const service = createService(workerSeenThrough(intercept))
    const owner = await signInBrowser(service, freshAddress())
    let former = ''
    const disturb = async () => {
      former = await askForChange(service, owner, freshAddress())
    }
    Object.assign(plan, { at: 'INSERT INTO email_changes', disturb })
    const code = await askForChange(service, owner, freshAddress())
    expect((await typeCode(owner, former)).status).toBe(400)
    expect((await typeCode(owner, code)).status).toBe(303)
    await checkAddresses(createService())
  })

  it('ML-17: a request that begins while the one before comes about lets go of the address that is the user’s then', async () => {
    const { plan, intercept } = disturbance()
    const service = createService(workerSeenThrough(intercept))
    const owner = await signInBrowser(service, freshAddress())
    const former = await askForChange(service, owner, freshAddress())
    const disturb = async () => expect((await typeCode(owner, former)).status).toBe(303)
    Object.assign(plan, { at: 'UPDATE email_changes SET expires_at', disturb })
    const code = await askForChange(service, owner, freshAddress())
    expect(plan.at).toBe('')
    expect((await typeCode(owner, code)).status).toBe(303)
    await checkAddresses(createService())
  })
})

describe('one address, wanted twice at once', () => {
  it('ML-17: of users who prove the same new address at the same moment one gets it', async () => {
    const service = createService()
    for (let round = 0; round < 2; round++) {
      const fresh = freshAddress()
      const owners = await Promise.all([1, 2, 3].map(() => signInBrowser(service, freshAddress())))
      const codes: string[] = []
      for (const owner of owners) codes.push(await askForChange(service, owner, fresh))
      const answers = await Promise.all(owners.map((owner, at) => typeCode(owner, codes[at] as string)))
      const statuses = answers.map(answer => answer.status)
      expect(statuses.filter(status => status === 303)).toHaveLength(1)
      for (const status of statuses) expect([303, 400, 409]).toContain(status)
      const winner = owners[statuses.indexOf(303)] as Browser
      expect(await storedUsers(service, fresh)).toEqual([userOf(winner)])
      await checkAddresses(service)
      for (const owner of owners) {
        const { events } = await checkHistory(service, userOf(owner))
        expect(eventsOfType(events, 'email.changed')).toHaveLength(owner === winner ? 1 : 0)
      }
    }
  })

  it('I8, ML-17: a sign-in whose address is somebody else’s meanwhile begins in their log, where that goes on', async () => {
    const plan = { disturb: async (): Promise<unknown> => null }
    const nothing = plan.disturb
    const users = namespaceOf(async (_, verb, args) => {
      const { disturb } = plan
      plan.disturb = nothing
      await disturb()
      return verb(...args)
    })
    const service = createService({ USER_SESSIONS: users })
    const { client_id } = await createClient(service)
    const email = freshAddress()
    const owner = await signInBrowser(service, email)
    // A longer log than the other one's.
    for (let nth = 0; nth < 3; nth++) await signIn(service, client_id, email)
    const next = await signInBrowser(service, freshAddress())
    const away = await askForChange(service, owner, freshAddress())
    const attempt = await requestLink(service, client_id, email)
    plan.disturb = async () => {
      await typeCode(owner, away)
      await typeCode(next, await askForChange(service, next, email))
    }
    expect(await (await redeem(service, attempt)).json()).toMatchObject({ user_id: userOf(next) })
    for (const who of [owner, next]) await checkHistory(service, userOf(who))
    await checkAddresses(service)
  })

  it('ML-17: whoever has the address keeps it, and a change of theirs to another one goes on', async () => {
    const service = createService()
    const fresh = freshAddress()
    const owner = await signInBrowser(service, freshAddress())
    const code = await askForChange(service, owner, fresh)
    const holder = await signInBrowser(service, fresh)
    const onwards = await askForChange(service, holder, freshAddress())
    expect((await typeCode(owner, code)).status).toBe(409)
    expect(await storedUsers(service, fresh)).toEqual([userOf(holder)])
    await checkAddresses(service)
    expect((await typeCode(holder, onwards)).status).toBe(303)
    expect((await typeCode(owner, code)).status).toBe(303)
    expect(await storedUsers(service, fresh)).toEqual([userOf(owner)])
    await checkAddresses(service)
  })

  it('ML-17: a code that is typed many times at once changes once, with one notice', async () => {
    const service = createService()
    const email = freshAddress()
    const owner = await signInBrowser(service, email)
    const code = await askForChange(service, owner, freshAddress())
    const answers = await Promise.all(Array.from({ length: 6 }, () => typeCode(owner, code)))
    // Once more after them all, as when the answer was lost.
    answers.push(await typeCode(owner, code))
    for (const answer of answers)
      expect([answer.status, answer.headers.get('Location')]).toEqual([303, '/account?notice=email_changed'])
    expect((await typeCode(owner, 'BCDF-GHJK')).status).toBe(400)
    const { events } = await checkHistory(service, userOf(owner))
    expect(eventsOfType(events, 'email.changed')).toHaveLength(1)
    expect(service.mails.filter(mail => mail.to === email && codeIn(mail.text) === undefined)).toHaveLength(1)
    await checkAddresses(service)
  })

  it('ML-17: a first sign-in with the address at the same moment: the account has it, or a new user', async () => {
    const service = createService()
    const { client_id } = await createClient(service)
    for (const where of ['same', 'another'] as const) {
      const email = freshAddress()
      const fresh = await freshAddressBeside(service, email, where)
      const owner = await signInBrowser(service, email)
      const code = await askForChange(service, owner, fresh)
      const attempt = await requestLink(service, client_id, fresh)
      const [typed, redeemed] = await Promise.all([typeCode(owner, code), redeem(service, attempt)])
      expect(redeemed.status).toBe(200)
      const { user_id } = await redeemed.json<{ user_id: string }>()
      expect(user_id === userOf(owner)).toBe(typed.status === 303)
      expect(await storedUsers(service, fresh)).toEqual([user_id])
      await checkAddresses(service)
    }
  })

  it('ML-17: whoever proves the address ends a change to it that stands between its steps', async () => {
    const service = createService()
    const fresh = freshAddress()
    const { client_id } = await createClient(service)
    const attempt = await requestLink(service, client_id, fresh)
    const owner = await signInBrowser(service, freshAddress())
    const userId = userOf(owner)
    const code = await askForChange(service, owner, fresh)
    // As a second instance of the object would, or a sign-in that finds the new address in the index too early.
    await changeEnv(env.USER_SESSIONS.getByName(userId), () =>
      workerSeenThrough(async (sql, run) => {
        if (sql[0]?.startsWith('INSERT INTO user_events')) {
          await settleEmailChange(service.parts.shards, userId, fresh)
        }
        return run()
      }),
    )
    const answer = await typeCode(owner, code)
    expect([answer.status, await answer.text()]).toEqual([400, expect.stringContaining('no longer works')])
    const redeemed = await (await redeem(service, attempt)).json<{ user_id: string }>()
    expect(redeemed.user_id).not.toBe(userId)
    expect(await storedUsers(service, fresh)).toEqual([redeemed.user_id])
    await checkAddresses(service)
  })
})
