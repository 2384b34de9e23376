// What a webhook is told, by what it is signed, and when it is told again.
import { createHmac } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { Webhook as Verifier } from 'standardwebhooks'
import { describe, expect, it } from 'vitest'
import {
  QUEUE_DELAY_MAX_SECONDS,
  QUEUE_TRIES,
  WEBHOOK_BACKOFF_SECONDS,
  WEBHOOK_JITTER,
  WEBHOOK_TIMEOUT_MS,
} from '../../src/domain/limits.ts'
import { createSchedule, stepOf } from '../../src/domain/retry-schedule.ts'
import { SECURITY_EVENTS, WEBHOOK_EVENT_TYPES } from '../../src/domain/security-events.ts'
import { type WebhookEvent, webhookBody, webhookMessageId } from '../../src/domain/webhook.ts'
import { createWebhookCache } from '../../src/store/webhook-cache.ts'
import { mintWebhookSecret, signWebhook } from '../../src/tokens/webhook-signature.ts'

const EVENT: WebhookEvent = {
  type: 'session.ended',
  at: 1_800_000_000,
  user_id: 'u_aaAAAAAAAAAAAAAAAAAAAAAA',
  session_id: 's_aaAAAAAAAAAAAAAAAAAAAAAA',
  client_id: 'ios',
  reason: 'replaced',
  seq: 7,
}

describe('what a webhook is told', () => {
  it('WH-09: every event has a name that others know, or one of our own where there is none', () => {
    const names = Object.fromEntries(
      WEBHOOK_EVENT_TYPES.map(type => [type, SECURITY_EVENTS[type].replace(/^https:.*secevent\//, '')]),
    )
    expect(names).toEqual({
      'session.created': 'caep/event-type/session-established',
      'session.ended': 'caep/event-type/session-revoked',
      'sign_in.refused': 'urn:latchkey:event-type:sign-in-refused',
      'preference.changed': 'urn:latchkey:event-type:preference-changed',
      'consent.granted': 'caep/event-type/token-claims-change',
      'consent.withdrawn': 'caep/event-type/token-claims-change',
      'email.changed': 'risc/event-type/identifier-changed',
      'user.disabled': 'risc/event-type/account-disabled',
      'user.enabled': 'risc/event-type/account-enabled',
      'user.deleted': 'risc/event-type/account-purged',
      'alarm.raised': 'urn:latchkey:event-type:alarm-raised',
      'webhook.test': 'ssf/event-type/verification',
    })
  })

  it('WH-08: ids, type and times; what does not apply is left out', () => {
    const { type: _, at: __, ...ids } = EVENT
    const event = 'https://schemas.openid.net/secevent/caep/event-type/session-revoked'
    expect(JSON.parse(webhookBody(EVENT))).toEqual({
      type: 'session.ended',
      timestamp: '2027-01-15T08:00:00Z',
      data: { ...ids, event },
    })
    const none = { user_id: null, session_id: null, client_id: null, reason: null, seq: null }
    expect(JSON.parse(webhookBody({ ...EVENT, ...none })).data).toEqual({ event })
  })

  it('WH-06: an id of its own for each event, user and webhook, without a full stop', () => {
    const id = webhookMessageId('w_x', EVENT)
    expect(webhookMessageId('w_x', { ...EVENT, reason: null })).toBe(id)
    const others = [
      webhookMessageId('w_y', EVENT),
      webhookMessageId('w_x', { ...EVENT, seq: 8 }),
      webhookMessageId('w_x', { ...EVENT, user_id: 'u_b' }),
    ]
    expect(new Set([id, ...others]).size).toBe(4)
    for (const each of [id, ...others]) expect(each).toMatch(/^[\w-]+$/)
  })
})

describe('the signature', () => {
  it('WH-04: is that of the published vector', async () => {
    const attempt = {
      id: 'msg_p5jXN8AQM9LWM0D4loKWxJek',
      timestamp: 1_614_265_330,
      body: '{"test": 2432232314}',
    }
    expect(await signWebhook(['whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw'], attempt)).toBe(
      'v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=',
    )
  })

  it('WH-04, WH-05: verifies in the published library and by hand, with either of two secrets', async () => {
    const timestamp = Math.floor(Date.now() / 1_000)
    const secrets = [mintWebhookSecret(), mintWebhookSecret()] as const
    const attempt = { id: 'w_x-u_y-1', timestamp, body: webhookBody(EVENT) }
    const headers = {
      'webhook-id': attempt.id,
      'webhook-timestamp': `${timestamp}`,
      'webhook-signature': await signWebhook(secrets, attempt),
    }
    for (const secret of secrets) {
      expect(secret).toMatch(/^whsec_[A-Za-z0-9+/]{43}=$/)
      const verifier = new Verifier(secret)
      expect(verifier.verify(attempt.body, headers)).toEqual(JSON.parse(attempt.body))
      for (const change of [
        { 'webhook-id': 'w_x-u_y-2' },
        { 'webhook-timestamp': `${timestamp - 1}` },
        { 'webhook-signature': headers['webhook-signature'].replaceAll('v1,', 'v1,A') },
      ]) {
        expect(() => verifier.verify(attempt.body, { ...headers, ...change })).toThrow(
          'No matching signature',
        )
      }
      expect(() => verifier.verify(`${attempt.body} `, headers)).toThrow('No matching signature')
      const mac = createHmac('sha256', Buffer.from(secret.slice(6), 'base64'))
      const byHand = mac.update(`${attempt.id}.${timestamp}.${attempt.body}`).digest('base64')
      expect(headers['webhook-signature'].split(' ')).toContain(`v1,${byHand}`)
    }
    expect(() => new Verifier(mintWebhookSecret()).verify(attempt.body, headers)).toThrow()
  })
})

describe('when it is told again', () => {
  const schedule = createSchedule(WEBHOOK_BACKOFF_SECONDS, WEBHOOK_JITTER)
  const handovers = (random: number) => {
    const steps = [stepOf(schedule, 1, random)]
    while (steps.at(-1)?.nextInSeconds !== null) steps.push(stepOf(schedule, steps.length + 1, random))
    return steps
  }

  it('WH-06: over three days, in waits that the queue can wait, and within its retries', () => {
    const tries = handovers(0).filter(step => step.isTry)
    expect(tries.map(step => step.tries)).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9, 10])
    const between: number[] = []
    let waiting = 0
    for (const [index, { nextInSeconds }] of handovers(0).entries()) {
      waiting += nextInSeconds ?? 0
      if (handovers(0)[index + 1]?.isTry) {
        between.push(waiting)
        waiting = 0
      }
    }
    expect(between).toEqual([5, 300, 1_800, 7_200, 18_000, 36_000, 50_400, 72_000, 86_400])
    for (const { nextInSeconds } of handovers(1)) {
      expect(nextInSeconds ?? 0).toBeLessThanOrEqual(QUEUE_DELAY_MAX_SECONDS)
    }
    const total = handovers(1).reduce((sum, { nextInSeconds }) => sum + (nextInSeconds ?? 0), 0)
    // The queue forgets a message after four days.
    expect([total > 3 * 86_400, total < 4 * 86_400]).toEqual([true, true])
    const settings = readFileSync('wrangler.toml', 'utf8')
    const retries = [...settings.matchAll(/^max_retries = (\d+)/gm)].map(([, count]) => Number(count))
    expect(retries).toEqual([QUEUE_TRIES - 1, QUEUE_TRIES - 1])
    expect(handovers(0).length).toBeLessThanOrEqual(QUEUE_TRIES)
    const [dead, ...others] = new Set(settings.match(/(?<=^dead_letter_queue = ").+-dead(?="$)/gm))
    expect(others).toEqual([])
    expect(settings).toMatch(new RegExp(`\\[\\[queues\\.consumers\\]\\]\nqueue = "${dead}"`))
  })

  it('WH-06: never all at once, never sooner, and each has 15 to 30 seconds to answer', () => {
    const [low, high] = [stepOf(schedule, 2, 0).nextInSeconds, stepOf(schedule, 2, 1).nextInSeconds]
    expect([low, high]).toEqual([300, 330])
    expect(WEBHOOK_TIMEOUT_MS).toBeGreaterThanOrEqual(15_000)
    expect(WEBHOOK_TIMEOUT_MS).toBeLessThanOrEqual(30_000)
  })
})

describe('the webhooks that an isolate knows', () => {
  it('WH-07: are read once in ten seconds, and afresh after a change, also after one during the read', async () => {
    const cache = createWebhookCache()
    let loads = 0
    const load = async () => {
      loads++
      return []
    }
    for (const now of [100, 100, 109, 110]) await cache.list(load, now)
    expect(loads).toBe(2)
    cache.forget()
    await cache.list(load, 110)
    expect(loads).toBe(3)
    cache.forget()
    await cache.list(async () => {
      cache.forget()
      return load()
    }, 110)
    await cache.list(load, 110)
    expect(loads).toBe(5)
  })
})
