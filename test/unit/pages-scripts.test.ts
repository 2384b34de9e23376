import { runInNewContext } from 'node:vm'
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { textOfAsset } from '../assets.ts'

const CHECK_SCRIPT = textOfAsset('check.js')
const FORMS_SCRIPT = textOfAsset('forms.js')
const LINK_SCRIPT = textOfAsset('link.js')
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
function openWindow(
  script: string,
  answer: () => unknown = () => ({ state: 'pending' }),
  { hidden = false, withSockets = false } = {},
) {
  const listeners: Record<string, ((event: unknown) => void)[]> = {}
  const listen = (type: string, listener: (event: unknown) => void) => {
    listeners[type] = [...(listeners[type] ?? []), listener]
  }
  const progress = { textContent: '', dataset: { waiting: 'waiting', ended: 'over' } }
  const document = { hidden, getElementById: () => progress, addEventListener: listen }
  const assign = vi.fn()
  const fetch = vi.fn(async () => ({ ok: true, json: async () => answer() }))
  const timers = { setTimeout, clearTimeout, Date, AbortController, URL }
  const sockets: FakeSocket[] = []
  class WebSocket extends FakeSocket {
    constructor(url: string) {
      super()
      this.url = url
      sockets.push(this)
    }
  }
  const global = {
    ...timers,
    ...(withSockets ? { WebSocket } : {}),
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
  /** Goes off and, if all is well, comes back. */
  const hide = (hidden: boolean) => {
    document.hidden = hidden
    emit('visibilitychange')
  }
  return { document, progress, fetch, sockets, emit, hide, went }
}

/** A WebSocket in the hands of its test. Like a real one it says that it is closed some time after close(). */
class FakeSocket {
  url = ''
  onopen = () => {}
  onclose = () => {}
  onmessage = (_: { readonly data: string }) => {}
  readonly close = vi.fn()
  readonly send = vi.fn()
  readonly ring = () => this.onmessage({ data: '{"type":"sign_in.changed"}' })
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
    const { fetch } = openWindow(CHECK_SCRIPT, undefined, { hidden: true })
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

describe('the script that waits for the link, with a socket', () => {
  beforeEach(() => void vi.useFakeTimers())
  afterEach(() => void vi.useRealTimers())

  const listen = (answer?: () => unknown) => {
    const opened = openWindow(CHECK_SCRIPT, answer, { withSockets: true })
    return { ...opened, socket: opened.sockets[0] as FakeSocket }
  }

  test('asks when it opens and at each ring, else every half minute, which keeps it open', async () => {
    let state = 'pending'
    const { fetch, socket, sockets, went } = listen(() => ({ state, location: '/account' }))
    expect(socket.url).toBe('wss://auth.test/sign-in/live')
    expect(fetch).not.toHaveBeenCalled()
    socket.onopen()
    expect(fetch).toHaveBeenCalledTimes(1)
    await vi.advanceTimersByTimeAsync(29_999)
    expect(fetch).toHaveBeenCalledTimes(1)
    await vi.advanceTimersByTimeAsync(1)
    expect(fetch).toHaveBeenCalledTimes(2)
    expect(socket.send.mock.lastCall).toEqual(['ping'])
    socket.onmessage({ data: 'pong' })
    expect(fetch).toHaveBeenCalledTimes(2)
    socket.ring()
    expect(fetch).toHaveBeenCalledTimes(3)
    await vi.advanceTimersByTimeAsync(29_999)
    expect(fetch).toHaveBeenCalledTimes(3)
    state = 'completed'
    socket.ring()
    await vi.advanceTimersByTimeAsync(0)
    expect(went()).toEqual([`${ORIGIN}/account`])
    expect(socket.close).toHaveBeenCalled()
    socket.ring()
    await vi.advanceTimersByTimeAsync(60_000)
    expect([fetch.mock.calls.length, sockets.length]).toEqual([4, 1])
  })

  test('asks again at a ring although an answer is on its way: it may be older', async () => {
    const answers: ((_: unknown) => void)[] = []
    const { fetch, socket, went } = listen(() => new Promise(resolve => answers.push(resolve)))
    socket.onopen()
    await vi.advanceTimersByTimeAsync(0)
    socket.ring()
    await vi.advanceTimersByTimeAsync(0)
    answers[0]?.({ state: 'pending' })
    answers[1]?.({ state: 'completed', location: '/account' })
    await vi.advanceTimersByTimeAsync(0)
    expect([fetch.mock.calls.length, went()]).toEqual([2, [`${ORIGIN}/account`]])
  })

  test('that is refused: asks as often as without one, and tries again after a minute, two, four', async () => {
    const { fetch, sockets } = listen()
    const tried: number[] = []
    for (let second = 0; second <= 600; second++) {
      if (sockets.length > tried.length) {
        tried.push(second)
        sockets.at(-1)?.onclose()
      }
      await vi.advanceTimersByTimeAsync(1000)
    }
    expect(tried).toHaveLength(4)
    const [first, ...gaps] = tried.map((second, index) => second - (tried[index - 1] ?? 0))
    expect(first).toBe(0)
    for (const [index, gap] of gaps.entries()) {
      expect(gap).toBeGreaterThanOrEqual(60 * 2 ** index)
      expect(gap).toBeLessThanOrEqual(60 * 2 ** index + 7)
    }
    expect(fetch.mock.calls.length).toBeGreaterThanOrEqual(100)
  })

  test('that breaks: asks at once, then as often as without one', async () => {
    const { fetch, socket } = listen()
    socket.onopen()
    await vi.advanceTimersByTimeAsync(10_000)
    expect(fetch).toHaveBeenCalledTimes(1)
    socket.onclose()
    expect(fetch).toHaveBeenCalledTimes(2)
    await vi.advanceTimersByTimeAsync(30_000)
    expect(fetch.mock.calls.length).toBeGreaterThanOrEqual(6)
  })

  test('has none while the page is hidden, and opens one again when it is back and still waits', async () => {
    let state = 'pending'
    const { fetch, socket, sockets, hide } = listen(() => ({ state }))
    socket.onopen()
    await vi.advanceTimersByTimeAsync(0)
    hide(true)
    expect(socket.close).toHaveBeenCalledOnce()
    socket.onclose()
    socket.ring()
    await vi.advanceTimersByTimeAsync(300_000)
    expect([fetch.mock.calls.length, sockets.length]).toEqual([1, 1])
    hide(false)
    await vi.advanceTimersByTimeAsync(0)
    expect([fetch.mock.calls.length, sockets.length]).toEqual([2, 2])
    hide(true)
    state = 'ended'
    hide(false)
    await vi.advanceTimersByTimeAsync(60_000)
    expect(sockets).toHaveLength(2)
    const background = openWindow(CHECK_SCRIPT, undefined, { withSockets: true, hidden: true })
    expect(background.sockets).toEqual([])
  })

  test('leaves a form that is on its way alone: what it does rings here too', async () => {
    const { fetch, socket, sockets, emit, went } = listen(() => ({
      state: 'completed',
      location: '/account',
    }))
    socket.onopen()
    emit('submit')
    expect(socket.close).toHaveBeenCalledOnce()
    socket.ring()
    socket.onclose()
    await vi.advanceTimersByTimeAsync(14_999)
    expect([fetch.mock.calls.length, sockets.length, went()]).toEqual([1, 1, []])
  })

  test('never breaks off a handshake, which the console would show: it closes what it no longer wants once it is open', async () => {
    const { fetch, socket, sockets, emit } = listen()
    emit('submit')
    expect(socket.close).not.toHaveBeenCalled()
    socket.onopen()
    socket.onclose()
    await vi.advanceTimersByTimeAsync(14_999)
    expect([socket.close.mock.calls.length, fetch.mock.calls.length, sockets.length]).toEqual([1, 0, 1])
  })

  test('has none when the sign-in is over', async () => {
    const { socket, sockets, progress } = listen(() => ({ state: 'ended' }))
    socket.onopen()
    await vi.advanceTimersByTimeAsync(600_000)
    expect(progress.textContent).toBe('over')
    expect([socket.close.mock.calls.length, sockets.length]).toEqual([1, 1])
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
