import { describe, expect, it } from 'vitest'
import { TARGET_ANSWER_MAX_BYTES } from '../../src/domain/limits.ts'
import { createFetchTarget, type TargetAnswer } from '../../src/outbound/fetch-target.ts'

const URI = 'https://receiver.example/in'
const GET = { method: 'GET', timeoutMs: 5_000 } as const

/** The way out with a recorder at its end. */
function outside(answer: (init: RequestInit) => Promise<Response> | Response, allowsLoopback = false) {
  const sent: { uri: string; init: RequestInit }[] = []
  const fetchTarget = createFetchTarget(async (uri, init = {}) => {
    sent.push({ uri: String(uri), init: init as RequestInit })
    return answer(init as RequestInit)
  }, allowsLoopback)
  return { sent, fetchTarget }
}

const text = (answer: TargetAnswer) =>
  answer.tag === 'answered' ? new TextDecoder().decode(answer.body) : answer.why

describe('a request to a registered place', () => {
  it('WH-02: comes in by the front door, also where the place is a host of our own zone', () => {
    // On the platform only: the flag has no effect here.
    expect(Cloudflare.compatibilityFlags).toMatchObject({ global_fetch_strictly_public: true })
  })

  it('WH-03: carries what it was given and nothing of ours: no cookie, no credentials, no redirects', async () => {
    const { sent, fetchTarget } = outside(() => new Response('{}', { status: 202 }))
    const headers = { 'content-type': 'application/json' }
    const answer = await fetchTarget(URI, { ...GET, method: 'POST', headers, body: '[1]' })
    expect(answer).toMatchObject({ tag: 'answered', status: 202 })
    expect(text(answer)).toBe('{}')
    const { signal: _, ...init } = sent[0]?.init ?? {}
    expect(init).toEqual({
      method: 'POST',
      body: '[1]',
      headers: { ...headers, 'user-agent': 'latchkey' },
      redirect: 'manual',
      cache: 'no-store',
    })
  })

  it.each([
    'http://receiver.example/in',
    'https://169.254.169.254/latest/meta-data',
    'https://[::ffff:10.0.0.1]/',
    'https://localhost/',
    'http://127.0.0.1:8080/',
  ])('WH-01, WH-02: is judged when it is sent: %s gets none', async uri => {
    const { sent, fetchTarget } = outside(() => new Response())
    expect(await fetchTarget(uri, GET)).toEqual({ tag: 'failed', why: 'not_a_target' })
    expect(sent).toEqual([])
  })

  it('WH-02: goes to this machine where that is allowed', async () => {
    const { fetchTarget } = outside(() => new Response('here'), true)
    expect(text(await fetchTarget('http://127.0.0.1:8080/', GET))).toBe('here')
  })

  it.each([300, 301, 302, 303, 307, 308])(
    'WH-03: answered with %i is a failure, and is not followed',
    async status => {
      const { sent, fetchTarget } = outside(
        () => new Response(null, { status, headers: { Location: 'https://10.0.0.1/' } }),
      )
      expect(await fetchTarget(URI, GET)).toEqual({ tag: 'failed', why: 'redirected' })
      expect(sent).toHaveLength(1)
    },
  )

  it('WH-03: receives the beginning of an endless answer, and no more', async () => {
    let pulled = 0
    let isCancelled = false
    const endless = () =>
      new ReadableStream({
        pull: controller => {
          pulled += 1
          controller.enqueue(new Uint8Array(10_000).fill(0x61))
        },
        cancel: () => {
          isCancelled = true
        },
      })
    const { fetchTarget } = outside(() => new Response(endless()))
    const answer = await fetchTarget(URI, GET)
    expect(text(answer)).toBe('a'.repeat(TARGET_ANSWER_MAX_BYTES))
    expect(pulled).toBeLessThan(20)
    expect(isCancelled).toBe(true)
  })

  it('WH-03: gives up on silence and on a slow drip when its time is over, whether or not anybody listens', async () => {
    const drip = new ReadableStream({ start: controller => controller.enqueue(new Uint8Array(1)) })
    const { sent, fetchTarget } = outside(init =>
      init.method === 'POST' ? new Promise(() => undefined) : new Response(drip),
    )
    const brief = { timeoutMs: 20 }
    for (const method of ['GET', 'POST'] as const) {
      expect(await fetchTarget(URI, { method, ...brief })).toEqual({ tag: 'failed', why: 'timed_out' })
    }
    expect(sent.map(({ init }) => init.signal?.aborted)).toEqual([true, true])
  })

  it('that breaks is a failure, not an exception', async () => {
    const { fetchTarget } = outside(() => Promise.reject(new Error('reset')))
    expect(await fetchTarget(URI, GET)).toEqual({ tag: 'failed', why: 'no_answer' })
  })
})
