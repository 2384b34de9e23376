import { runInNewContext } from 'node:vm'
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { CHECK_SCRIPT } from '../../src/pages/assets/check-script.ts'
import { FORMS_SCRIPT } from '../../src/pages/assets/forms-script.ts'
import { LINK_SCRIPT } from '../../src/pages/assets/link-script.ts'

const ORIGIN = 'https://auth.test'

describe('ML-13 the script of the link pages', () => {
  const addressAfter = (address: string) => {
    const replaceState = vi.fn()
    runInNewContext(LINK_SCRIPT, { URL, location: { href: address }, history: { state: null, replaceState } })
    return replaceState.mock.calls.map(([, , path]) => path)
  }

  test('takes the token out of the address bar and leaves the rest', () => {
    expect(addressAfter(`${ORIGIN}/sign-in/link?token=a.b.c`)).toEqual(['/sign-in/link'])
    expect(addressAfter(`${ORIGIN}/sign-in/link?a=1&token=x&token=y#token=z`)).toEqual(['/sign-in/link?a=1'])
  })

  test('does nothing when there is none', () => {
    expect(addressAfter(`${ORIGIN}/sign-in/link`)).toEqual([])
  })

  test('sends nothing: it has neither fetch nor a form', () => {
    expect(LINK_SCRIPT).not.toMatch(/fetch|submit|forms|click|XMLHttp|sendBeacon/)
  })
})

/** A window of its own: what scripts listen to, where they go, what they ask. */
function openWindow(script: string, answer: () => unknown = () => ({ state: 'pending' }), hidden = false) {
  const listeners: Record<string, ((event: unknown) => void)[]> = {}
  const listen = (type: string, listener: (event: unknown) => void) => {
    listeners[type] = [...(listeners[type] ?? []), listener]
  }
  const progress = { textContent: '', dataset: { waiting: 'waiting', ended: 'over' } }
  const document = { hidden, getElementById: () => progress, addEventListener: listen }
  const assign = vi.fn()
  const fetch = vi.fn(async () => ({ ok: true, json: async () => answer() }))
  const timers = { setTimeout, clearTimeout, AbortController, URL }
  const global = {
    ...timers,
    document,
    fetch,
    addEventListener: listen,
    location: { origin: ORIGIN, assign },
  }
  runInNewContext(script, global)
  const emit = (type: string, event: unknown = {}) => {
    for (const listener of listeners[type] ?? []) listener(event)
  }
  const went = () => assign.mock.calls.map(([url]) => String(url))
  return { document, progress, fetch, emit, went }
}

describe('the script that waits for the link', () => {
  beforeEach(() => void vi.useFakeTimers())
  afterEach(() => void vi.useRealTimers())

  test('asks every few seconds, at least ten times a minute and at most twenty', async () => {
    const { fetch, progress } = openWindow(CHECK_SCRIPT)
    await vi.advanceTimersByTimeAsync(2999)
    expect(fetch).not.toHaveBeenCalled()
    await vi.advanceTimersByTimeAsync(57_001)
    expect(fetch.mock.calls.length).toBeGreaterThanOrEqual(10)
    expect(fetch.mock.calls.length).toBeLessThanOrEqual(20)
    expect(progress.textContent).toBe('waiting')
  })

  test('goes on when the sign-in has completed, once', async () => {
    const { fetch, went } = openWindow(CHECK_SCRIPT, () => ({ state: 'completed', location: '/account' }))
    await vi.advanceTimersByTimeAsync(60_000)
    expect(went()).toEqual([`${ORIGIN}/account`])
    expect(fetch).toHaveBeenCalledOnce()
  })

  test.each(['https://evil.test/', '//evil.test', 'javascript:alert(1)', '/\\evil.test'])(
    'ML-14 never goes to %s',
    async location => {
      const { went } = openWindow(CHECK_SCRIPT, () => ({ state: 'completed', location }))
      await vi.advanceTimersByTimeAsync(10_000)
      expect(went()).toEqual([])
    },
  )

  test('says when the sign-in is over, and asks no more', async () => {
    const { fetch, progress, went, emit } = openWindow(CHECK_SCRIPT, () => ({
      state: 'ended',
      location: '/sign-in',
    }))
    await vi.advanceTimersByTimeAsync(60_000)
    emit('visibilitychange')
    await vi.advanceTimersByTimeAsync(60_000)
    expect(progress.textContent).toBe('over')
    expect(went()).toEqual([])
    expect(fetch).toHaveBeenCalledOnce()
  })

  test('is silent while the page is hidden, and asks at once when it is back', async () => {
    const { document, emit, fetch } = openWindow(CHECK_SCRIPT)
    document.hidden = true
    emit('visibilitychange')
    await vi.advanceTimersByTimeAsync(300_000)
    expect(fetch).not.toHaveBeenCalled()
    document.hidden = false
    emit('visibilitychange')
    expect(fetch).toHaveBeenCalledOnce()
  })

  test('is silent in a tab that was opened in the background', async () => {
    const { fetch } = openWindow(CHECK_SCRIPT, undefined, true)
    await vi.advanceTimersByTimeAsync(60_000)
    expect(fetch).not.toHaveBeenCalled()
  })

  test('asks less often when the answer fails', async () => {
    const { fetch } = openWindow(CHECK_SCRIPT, () => {
      throw new Error('no JSON')
    })
    await vi.advanceTimersByTimeAsync(120_000)
    expect(fetch.mock.calls.length).toBeLessThanOrEqual(7)
    expect(fetch.mock.calls.length).toBeGreaterThanOrEqual(4)
  })

  test('leaves a form that is on its way alone, also with an answer in flight', async () => {
    let arrive = (_: unknown) => {}
    const { emit, fetch, went } = openWindow(
      CHECK_SCRIPT,
      () =>
        new Promise(resolve => {
          arrive = resolve
        }),
    )
    await vi.advanceTimersByTimeAsync(3000)
    expect(fetch).toHaveBeenCalledOnce()
    emit('submit')
    arrive({ state: 'completed', location: '/account' })
    await vi.advanceTimersByTimeAsync(10_000)
    expect(went()).toEqual([])
    expect(fetch).toHaveBeenCalledOnce()
    await vi.advanceTimersByTimeAsync(10_000)
    expect(fetch).toHaveBeenCalledTimes(2)
  })

  test('never loses what is typed: it knows no field and reloads nothing', () => {
    expect(CHECK_SCRIPT).not.toMatch(/reload|\.value|\.reset|\.submit\(|\.focus|innerHTML/)
  })
})

describe('the script of the forms', () => {
  test('lets the first click through and swallows the second of a double click', () => {
    const { emit } = openWindow(FORMS_SCRIPT)
    const submitAt = (timeStamp: number) => {
      const preventDefault = vi.fn()
      emit('submit', { timeStamp, preventDefault })
      return preventDefault.mock.calls.length === 0
    }
    expect([submitAt(100), submitAt(400), submitAt(3099), submitAt(3100)]).toEqual([true, false, false, true])
    emit('pageshow')
    expect(submitAt(3200)).toBe(true)
  })
})
