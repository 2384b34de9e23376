import { env } from 'cloudflare:workers'
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import {
  DAY_SECONDS,
  MAIL_TIMEOUT_MS,
  OUTBOX_BATCH,
  OUTBOX_LEASE_SECONDS,
  OUTBOX_RUN_SECONDS,
} from '../../src/domain/limits.ts'
import type { MailMessage } from '../../src/mail/message.ts'
import { MailNotAccepted } from '../../src/mail/not-accepted.ts'
import { createOutbox, type DeliveryFailure, type PreparedMail } from '../../src/mail/outbox.ts'
import { signInMessage } from '../../src/mail/sign-in-message.ts'
import type { Attempt, MailTransport } from '../../src/mail/transport.ts'
import { batch } from '../../src/store/d1.ts'
import { insertOutbox } from '../../src/store/outbox.ts'
import { createSecrets } from '../../src/tokens/secrets.ts'
import { databases } from './support/intercept.ts'
import { until } from './support/until.ts'

const db = env.DB
const NOW = 1_800_000_000
const EXPIRES = NOW + 600
const LINK = 'https://auth.test/sign-in/link?token=aaa.bbb.ccc'
const SECRETS = ['ann@mail.test', LINK, 'aaa.bbb.ccc', 'BCDFGHJK', 'BCDF-GHJK']

const secretsOf = (sealing: string) => createSecrets([sealing], ['digest-0123456789'])

const message = (to = 'ann@mail.test'): MailMessage =>
  signInMessage({
    to,
    link: LINK,
    code: 'BCDFGHJK',
    clientName: 'Acme',
    expiresInMinutes: 10,
    device: null,
    place: null,
  })

/** An outbox whose transport does as told, attempt by attempt, and accepts when it is told nothing. */
function outboxWith(...behaviour: MailTransport['send'][]) {
  const attempts: { id: string; to: string }[] = []
  const accepted: string[] = []
  const failures: DeliveryFailure[] = []
  const transport = {
    send: async (mail: MailMessage, attempt: Attempt) => {
      attempts.push({ id: attempt.id, to: mail.to })
      await behaviour.shift()?.(mail, attempt)
      accepted.push(mail.to)
    },
  }
  const secrets = secretsOf('sealing-0123456789')
  const outbox = createOutbox({ secrets, transport, onFailure: failure => failures.push(failure) })
  const write = async (to?: string, expiresAt = EXPIRES): Promise<PreparedMail> => {
    const prepared = await outbox.prepare(message(to), expiresAt, NOW)
    const [result] = await batch(db, [insertOutbox(db, prepared.row)])
    expect(result?.meta.rows_written).toBe(1)
    return prepared
  }
  return { ...outbox, write, attempts, accepted, failures }
}

const failing =
  (error: unknown): MailTransport['send'] =>
  () =>
    Promise.reject(error)
const status500 = failing(new MailNotAccepted('http: status 500'))
const reset = failing(new TypeError(`Network connection lost to ann@mail.test: ${LINK}`))
const silent = () => new Promise<never>(() => {})
const taking =
  (seconds: number): MailTransport['send'] =>
  async () => {
    vi.setSystemTime(Date.now() + seconds * 1000)
  }

interface Row {
  id: string
  sealed: string
  attempts: number
  next_attempt_at: number
  expires_at: number
}

const rows = async (): Promise<Row[]> =>
  (await db.prepare('SELECT * FROM outbox ORDER BY id').all<Row>()).results

beforeEach(async () => {
  await db.prepare('DELETE FROM outbox').run()
})

afterEach(() => {
  vi.useRealTimers()
  vi.restoreAllMocks()
})

describe('the first attempt', () => {
  test('sends the mail and costs one row written, one deleted', async () => {
    const outbox = outboxWith()
    const mail = await outbox.write()
    const prepare = vi.spyOn(db, 'prepare')
    await outbox.deliver(db, mail, NOW)
    expect(prepare.mock.calls).toEqual([['DELETE FROM outbox WHERE id = ?']])
    expect(outbox.accepted).toEqual(['ann@mail.test'])
    expect(await rows()).toEqual([])
    expect(outbox.failures).toEqual([])
  })

  test('LG-02 leaves no address, link or code in the row, in no form', async () => {
    const outbox = outboxWith(status500)
    await outbox.deliver(db, await outbox.write(), NOW)
    const dump = JSON.stringify(await rows())
    expect(dump).toContain('"sealed"')
    for (const secret of SECRETS) {
      const hex = [...new TextEncoder().encode(secret)]
        .map(octet => octet.toString(16).padStart(2, '0'))
        .join('')
      for (const form of [
        secret,
        encodeURIComponent(secret),
        btoa(secret).replace(/=*$/, '').slice(0, -1),
        hex,
      ]) {
        expect(dump).not.toContain(form)
      }
    }
  })

  test('belongs to the request that wrote the row: cron keeps off until the lease has passed', async () => {
    const outbox = outboxWith()
    await outbox.write()
    await outbox.deliverDue(db, NOW)
    await outbox.deliverDue(db, NOW + OUTBOX_LEASE_SECONDS - 1)
    expect(outbox.attempts).toEqual([])
    await outbox.deliverDue(db, NOW + OUTBOX_LEASE_SECONDS)
    expect(outbox.accepted).toEqual(['ann@mail.test'])
    expect(await rows()).toEqual([])
  })
})

describe('a provider that fails', () => {
  test.each([
    ['status 500', status500, 'http: status 500'],
    ['a reset', reset, 'transport failed'],
    ['a throw of no error', failing(`ann@mail.test ${LINK}`), 'transport failed'],
  ])(
    'ML-15 LG-02 with %s: the row stays, the alert tells no secret, and the mail leaves once it is back',
    async (_how, behaviour, error) => {
      const outbox = outboxWith(behaviour, behaviour)
      const { row } = await outbox.write().then(async mail => {
        await outbox.deliver(db, mail, NOW)
        return mail
      })
      expect(await rows()).toMatchObject([{ attempts: 1, next_attempt_at: NOW + 5 }])

      await outbox.deliverDue(db, NOW + 4)
      expect(outbox.attempts).toHaveLength(1)
      await outbox.deliverDue(db, NOW + 5)
      expect(await rows()).toMatchObject([{ attempts: 2, next_attempt_at: NOW + 5 + 10 }])
      expect(outbox.accepted).toEqual([])

      await outbox.deliverDue(db, NOW + 60)
      await outbox.deliverDue(db, NOW + 120)
      expect(outbox.accepted).toEqual(['ann@mail.test'])
      expect(outbox.attempts.map(attempt => attempt.id)).toEqual([row.id, row.id, row.id])
      expect(await rows()).toEqual([])
      expect(outbox.failures).toEqual([
        { attempts: 1, error },
        { attempts: 2, error },
      ])
    },
  )

  test('ML-15 CF-02 by silence: the attempt is over in time and its signal says so', async () => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] })
    const seen: AbortSignal[] = []
    const outbox = outboxWith((_mail, { signal }) => {
      seen.push(signal)
      return silent()
    })
    const delivery = outbox.deliver(db, await outbox.write(), NOW)
    await vi.advanceTimersByTimeAsync(MAIL_TIMEOUT_MS - 1)
    expect(seen.map(signal => signal.aborted)).toEqual([false])
    await vi.advanceTimersByTimeAsync(1)
    vi.useRealTimers()
    await delivery
    expect(seen.map(signal => signal.aborted)).toEqual([true])
    expect(outbox.failures).toEqual([{ attempts: 1, error: 'timed out' }])
    expect(await rows()).toHaveLength(1)
  })

  test('CF-02 is asked again after 5, 10, 20, 40, then every 60 seconds, and past ten minutes every 15 minutes', async () => {
    const outbox = outboxWith(...Array.from({ length: 20 }, () => status500))
    await outbox.deliver(db, await outbox.write(undefined, NOW + DAY_SECONDS), NOW)
    const waits: number[] = []
    for (let now = NOW; waits.length < 15; ) {
      const [row] = await rows()
      waits.push((row?.next_attempt_at ?? 0) - now)
      now = row?.next_attempt_at ?? 0
      await outbox.deliverDue(db, now)
    }
    expect(waits).toEqual([5, 10, 20, 40, ...Array(8).fill(60), 900, 900, 900])
  })

  test('CF-02 what has failed often holds up nothing new', async () => {
    const outbox = outboxWith(...Array.from({ length: OUTBOX_BATCH + 1 }, () => status500))
    for (let mail = 0; mail < OUTBOX_BATCH + 1; mail++) await outbox.write('waiting@mail.test')
    await outbox.deliverDue(db, NOW + OUTBOX_LEASE_SECONDS)
    await db.prepare('UPDATE outbox SET attempts = 9, next_attempt_at = ?').bind(NOW).run()
    await outbox.write('new@mail.test')
    outbox.attempts.length = 0
    await outbox.deliverDue(db, NOW + OUTBOX_LEASE_SECONDS)
    expect(outbox.attempts[0]?.to).toBe('new@mail.test')
  })

  test('is asked again counted from the end of a slow attempt', async () => {
    vi.useFakeTimers({ toFake: ['Date'] })
    const outbox = outboxWith(async (mail, attempt) => {
      await taking(14)(mail, attempt)
      await status500(mail, attempt)
    })
    await outbox.deliver(db, await outbox.write(), NOW)
    expect(await rows()).toMatchObject([{ next_attempt_at: NOW + 14 + 5 }])
  })
})

describe('cron ticks that overlap', () => {
  test('ML-15 send every mail once', async () => {
    const slow = () => new Promise<void>(resolve => setTimeout(resolve, 5))
    const outbox = outboxWith(...Array.from({ length: 100 }, () => slow))
    const addresses = Array.from({ length: 20 }, (_, index) => `user${index}@mail.test`)
    for (const address of addresses) await outbox.write(address)
    const tick = () => outbox.deliverDue(db, NOW + OUTBOX_LEASE_SECONDS)
    await Promise.all([tick(), tick(), tick(), tick(), tick()])
    expect(outbox.attempts.map(attempt => attempt.to).sort()).toEqual(addresses.sort())
    expect(await rows()).toEqual([])
  })

  test('leave alone what another is still sending', async () => {
    const { promise: answer, resolve } = Promise.withResolvers<void>()
    const outbox = outboxWith(() => answer)
    await outbox.write()
    const due = NOW + OUTBOX_LEASE_SECONDS
    const first = outbox.deliverDue(db, due)
    await until(() => expect(outbox.attempts).toHaveLength(1))
    await outbox.deliverDue(db, due + OUTBOX_LEASE_SECONDS - 1)
    resolve()
    await first
    expect(outbox.attempts).toHaveLength(1)
    expect(await rows()).toEqual([])
  })

  test('count a lease from when its mail is taken up, however late in a slow run', async () => {
    vi.useFakeTimers({ toFake: ['Date'] })
    const { promise: lastTaken, resolve } = Promise.withResolvers<void>()
    const leases: number[] = []
    const waiting = Array.from({ length: 4 }, () => () => lastTaken)
    const outbox = outboxWith(taking(60), ...waiting, async (_mail, { id }) => {
      leases.push((await rows()).find(row => row.id === id)?.next_attempt_at ?? 0)
      resolve()
    })
    for (let mail = 0; mail < 6; mail++) await outbox.write()
    await outbox.deliverDue(db, NOW + 30)
    expect(leases).toEqual([NOW + 30 + 60 + OUTBOX_LEASE_SECONDS])
  })

  test.each([
    ['are accepted: all of them', undefined, OUTBOX_BATCH + 3],
    ['take long: no other batch', taking(OUTBOX_RUN_SECONDS), OUTBOX_BATCH],
    ['are not accepted: no other batch', status500, OUTBOX_BATCH],
  ])('CF-02 ML-15 take up what waits, as long as mails %s', async (_what, behaviour, attempts) => {
    vi.useFakeTimers({ toFake: ['Date'] })
    const outbox = outboxWith(...(behaviour ? Array.from({ length: OUTBOX_BATCH }, () => behaviour) : []))
    for (let mail = 0; mail < OUTBOX_BATCH + 3; mail++) await outbox.write(undefined, NOW + DAY_SECONDS)
    await outbox.deliverDue(db, NOW + OUTBOX_LEASE_SECONDS)
    expect(outbox.attempts).toHaveLength(attempts)
  })

  test('CF-02 send at most five mails at a time', async () => {
    let [sending, most] = [0, 0]
    const counted = async () => {
      most = Math.max(most, ++sending)
      await new Promise(resolve => setTimeout(resolve, 1))
      sending--
    }
    const outbox = outboxWith(...Array.from({ length: 100 }, () => counted))
    const mails = await Promise.all(
      Array.from({ length: OUTBOX_BATCH + 3 }, () => outbox.prepare(message(), EXPIRES, NOW)),
    )
    await batch(
      db,
      mails.map(mail => insertOutbox(db, mail.row)),
    )
    await outbox.deliverDue(db, NOW + OUTBOX_LEASE_SECONDS)
    expect(most).toBe(5)
    expect(await rows()).toEqual([])
  })
})

describe('a mail that is too late', () => {
  test('ML-02 is not sent by cron', async () => {
    const outbox = outboxWith(status500)
    await outbox.deliver(db, await outbox.write(), NOW)
    await outbox.deliverDue(db, EXPIRES)
    expect(outbox.attempts).toHaveLength(1)
  })

  test('ML-02 is not sent by the first attempt either, and its row is removed', async () => {
    const outbox = outboxWith()
    await outbox.deliver(db, await outbox.write(), EXPIRES)
    expect(outbox.attempts).toEqual([])
    expect(await rows()).toEqual([])
  })

  test('ML-02 is not sent when it expired while others were being sent', async () => {
    vi.useFakeTimers({ toFake: ['Date'] })
    const outbox = outboxWith(...Array.from({ length: 6 }, () => taking(15)))
    for (let mail = 0; mail < 6; mail++) await outbox.write()
    // The run takes mails up in the order of their ids.
    await db
      .prepare('UPDATE outbox SET expires_at = ? WHERE id = (SELECT max(id) FROM outbox)')
      .bind(NOW + 45)
      .run()
    await outbox.deliverDue(db, NOW + 30)
    expect(outbox.attempts).toHaveLength(5)
    expect(outbox.failures).toEqual([])
    expect(await rows()).toEqual([])
  })
})

describe('what cannot be delivered at all', () => {
  test('sealed under another secret: reported once and removed', async () => {
    const outbox = outboxWith()
    const elsewhere = createOutbox({
      secrets: secretsOf('another-0123456789'),
      transport: { send: silent },
      onFailure: () => {},
    })
    await batch(db, [insertOutbox(db, (await elsewhere.prepare(message(), EXPIRES, NOW)).row)])
    await outbox.deliverDue(db, NOW + 30)
    expect(outbox.failures).toEqual([{ attempts: 2, error: 'outbox: sealed under another secret' }])
    expect(outbox.attempts).toEqual([])
    expect(await rows()).toEqual([])
  })

  test('a row that was put in the place of another: never sent', async () => {
    const outbox = outboxWith()
    const mail = await outbox.write()
    await db.prepare('UPDATE outbox SET id = ? WHERE id = ?').bind('m_other', mail.row.id).run()
    await outbox.deliverDue(db, NOW + 30)
    expect(outbox.attempts).toEqual([])
  })

  test.each([
    ['a mail that was not accepted', false],
    ['storage that is away', true],
  ])('LG-06 whoever is told of %s is waited for', async (_what, isAway) => {
    const told: string[] = []
    const onFailure = async ({ error }: DeliveryFailure) => {
      // As long as several writes take.
      for (let call = 0; call < 5; call++) await databases()[1]?.prepare('SELECT 1').run()
      told.push(error)
    }
    const send = isAway ? async () => {} : status500
    const outbox = createOutbox({ secrets: secretsOf('sealing-0123456789'), transport: { send }, onFailure })
    const mail = await outbox.prepare(message(), EXPIRES, NOW)
    const prepare = vi.spyOn(db, 'prepare')
    if (isAway) {
      prepare.mockImplementation(() => {
        throw new Error('D1 is away')
      })
    }
    await outbox.deliver(db, mail, NOW)
    expect(told).toEqual([isAway ? 'outbox: storage unavailable' : 'http: status 500'])
  })

  test('ML-15 while storage is away: reported, nothing thrown', async () => {
    const outbox = outboxWith(status500)
    const mail = await outbox.write()
    vi.spyOn(db, 'prepare').mockImplementation(() => {
      throw new Error(`D1 is away: ${LINK}`)
    })
    await outbox.deliver(db, mail, NOW)
    await outbox.deliverDue(db, NOW + 60)
    expect(outbox.failures).toEqual([
      { attempts: 1, error: 'http: status 500' },
      { attempts: 0, error: 'outbox: storage unavailable' },
      { attempts: 0, error: 'outbox: storage unavailable' },
    ])
  })
})
