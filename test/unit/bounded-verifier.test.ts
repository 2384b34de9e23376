// Bounded validation: right under every interleaving, cheap within its bound, and never longer good than that.
import fc from 'fast-check'
import { describe, expect, it, onTestFinished, vi } from 'vitest'
import {
  BOUND_MS,
  createBoundedVerifier,
  type FeedAnswer,
  type TokenSource,
} from '../../src/verifier/bounded-verifier.ts'
import { createTokenMemory } from '../../src/verifier/token-memory.ts'

interface Claims {
  readonly jti: string
  readonly exp: number
}
type Source = TokenSource<Claims, { readonly why?: string }>

const START = 1_000_000_000
const NEVER = 4_000_000_000
const KID = 'key-1'

/** The truth: tokens with their retirement, and the feed in the order of commits. */
function createTruth() {
  const live = new Set<string>()
  const feed: string[] = []
  const state = { kids: [KID], verifications: 0, readings: 0, isDown: false, isFeedDown: false, oldest: 0 }
  const source: Source = {
    async verify(token) {
      state.verifications++
      if (state.isDown) throw new Error('out of reach')
      const seq = feed.length
      if (!live.has(token)) return { tag: 'refused' }
      const position = { feed: 'f', seq }
      return { tag: 'accepted', claims: { jti: token, exp: NEVER }, kid: KID, position, until: NEVER }
    },
    async retirements({ seq }): Promise<FeedAnswer | null> {
      state.readings++
      if (state.isDown || state.isFeedDown) throw new Error('out of reach')
      if (seq < state.oldest || seq > feed.length) return null
      return { retired: feed.slice(seq), seq: feed.length, kids: state.kids }
    },
  }
  return {
    state,
    source,
    issue: (token: string) => void live.add(token),
    retire: (token: string) => {
      if (live.delete(token)) feed.push(token)
    },
    /** To where nothing was retired. */
    restore: () => void feed.splice(0),
  }
}

const setUp = () => {
  const truth = createTruth()
  const verifier = createBoundedVerifier<Claims>({ capacity: 100 })
  const work: Promise<unknown>[] = []
  const check = (token: string, nowMs: number, source: Source = truth.source) =>
    verifier.verify(token, { source, nowMs, waitUntil: each => work.push(each) })
  return { ...truth, verifier, check, work }
}

describe('within the bound', () => {
  it('a token that was verified costs nothing more, and the answer says how old it is', async () => {
    const { check, issue, state, verifier } = setUp()
    issue('a')
    expect(await check('a', START)).toEqual({
      tag: 'accepted',
      claims: { jti: 'a', exp: NEVER },
      asOf: START,
    })
    expect(await check('a', START + BOUND_MS - 1)).toMatchObject({ tag: 'accepted', asOf: START })
    expect(verifier.recall('a', START + BOUND_MS - 1)).toMatchObject({ tag: 'accepted' })
    expect(state).toMatchObject({ verifications: 1, readings: 0 })
  })

  it('SE-05: what was changed here is known here at once, also by a reading that had begun before', async () => {
    const { check, issue, retire, source, state, verifier } = setUp()
    issue('a')
    await check('a', START)
    const gate = Promise.withResolvers<void>()
    const slow: Source = {
      ...source,
      async retirements(after) {
        const answer = await source.retirements(after)
        await gate.promise
        return answer
      },
    }
    const asked = check('a', START + BOUND_MS, slow)
    await vi.waitUntil(() => state.readings === 1, { timeout: 60_000 })
    retire('a')
    verifier.doubt()
    gate.resolve()
    expect(await asked).toEqual({ tag: 'refused' })
    issue('b')
    await check('b', START)
    verifier.doubt()
    expect(verifier.recall('b', START)).toBeNull()
    expect(await check('b', START)).toMatchObject({ tag: 'accepted' })
    expect(state).toMatchObject({ readings: 2, verifications: 3 })
  })

  it('SE-05: a token that was looked up before the change is not remembered as of after it', async () => {
    const { check, issue, retire, source, state, verifier } = setUp()
    issue('a')
    const gate = Promise.withResolvers<void>()
    const slow: Source = {
      ...source,
      async verify(token) {
        const answer = await source.verify(token)
        await gate.promise
        return answer
      },
    }
    const asked = check('a', START, slow)
    await vi.waitUntil(() => state.verifications === 1, { timeout: 60_000 })
    retire('a')
    verifier.doubt()
    gate.resolve()
    await asked
    expect(verifier.recall('a', START)).toBeNull()
    expect(await check('a', START)).toEqual({ tag: 'refused' })
  })

  it('nothing is remembered of a token that was refused, or that must not be remembered', async () => {
    const { check, issue, state, source, verifier } = setUp()
    expect(await check('a', START)).toEqual({ tag: 'refused' })
    issue('a')
    const forgetful: Source = {
      ...source,
      verify: async token => ({ ...(await source.verify(token)), position: null }) as never,
    }
    await check('a', START, forgetful)
    await check('a', START, forgetful)
    expect(state.verifications).toBe(3)
    expect(verifier.size).toBe(0)
  })
})

describe('past the bound', () => {
  it('EB-11: the feed is read once for all who ask, and what was retired is refused', async () => {
    const { check, issue, retire, state, work } = setUp()
    for (const token of ['a', 'b', 'c']) issue(token)
    for (const token of ['a', 'b', 'c']) await check(token, START)
    retire('b')
    const later = START + BOUND_MS
    const answers = await Promise.all(['a', 'b', 'c', 'a', 'b', 'c'].map(token => check(token, later)))
    expect(answers.map(({ tag }) => tag)).toEqual([
      'accepted',
      'refused',
      'accepted',
      'accepted',
      'refused',
      'accepted',
    ])
    expect(state).toMatchObject({ readings: 1, verifications: 5 })
    expect(work).toHaveLength(1)
    expect(await check('a', later + BOUND_MS - 1)).toMatchObject({ asOf: later })
    expect(state).toMatchObject({ readings: 1, verifications: 5 })
  })

  it('EB-09: without the feed the truth is asked, and without the truth there is no acceptance', async () => {
    const { check, issue, state } = setUp()
    issue('a')
    await check('a', START)
    state.isFeedDown = true
    expect(await check('a', START + BOUND_MS)).toMatchObject({ tag: 'accepted', asOf: START + BOUND_MS })
    expect(state.verifications).toBe(2)
    state.isDown = true
    expect(await check('a', START + BOUND_MS + 1)).toMatchObject({ tag: 'accepted', asOf: START + BOUND_MS })
    await expect(check('a', START + 2 * BOUND_MS)).rejects.toThrow('out of reach')
    await expect(check('new', START)).rejects.toThrow('out of reach')
  })

  it('a feed that does not go on from there: everything that rests on it is forgotten', async () => {
    const { check, issue, retire, state, verifier } = setUp()
    for (const token of ['a', 'b', 'other']) issue(token)
    for (const token of ['a', 'b']) await check(token, START)
    retire('other')
    state.oldest = 1
    expect(await check('a', START + BOUND_MS)).toMatchObject({ tag: 'accepted' })
    expect(verifier.size).toBe(1)
    expect(await check('b', START + BOUND_MS)).toMatchObject({ tag: 'accepted' })
    expect(state).toMatchObject({ readings: 1, verifications: 4 })
  })

  it('KY-04: what a removed key has signed is forgotten with the next reading, and not remembered again', async () => {
    const { check, issue, state, verifier } = setUp()
    issue('a')
    await check('a', START)
    state.kids = ['key-2']
    await check('a', START + BOUND_MS)
    await check('a', START + BOUND_MS)
    expect(verifier.size).toBe(0)
    // What was read within the bound is not read again for it.
    expect(state).toMatchObject({ readings: 1, verifications: 3 })
  })

  it.each([
    { what: 'a restored database', kid: KID },
    { what: 'changes of keys', kid: 'key-3' },
  ])(
    'EB-11: after $what new tokens are remembered again, though no token is left that was',
    async ({ kid }) => {
      const { check, issue, restore, retire, source, state, work } = setUp()
      for (const token of ['a', 'b', 'retired']) issue(token)
      await check('a', START)
      retire('retired')
      await check('a', START + BOUND_MS)
      if (kid === KID) restore()
      else state.kids = ['key-2', kid]
      const changed: Source = {
        ...source,
        verify: async token => ({ ...(await source.verify(token)), kid }) as never,
      }
      for (let n = 0; n < 10; n++) {
        expect(await check('b', START + 9 * BOUND_MS + n, changed)).toMatchObject({ tag: 'accepted' })
        await Promise.all(work)
      }
      // One more each: what is found out of date is read beside the answer.
      expect(state).toMatchObject({ readings: 2, verifications: 3 })
    },
  )

  it('JW-06: it is good until its expiry and no longer, whatever is remembered', async () => {
    const { issue, source, verifier } = setUp()
    issue('a')
    const until = START / 1_000 + 2
    const short: Source = {
      ...source,
      verify: async token => ({ ...(await source.verify(token)), until }) as never,
    }
    await verifier.verify('a', { source: short, nowMs: START + 1_500, waitUntil: () => {} })
    expect(verifier.recall('a', until * 1_000 - 1)).not.toBeNull()
    expect(verifier.recall('a', until * 1_000)).toBeNull()
  })

  it('a clock that goes back makes nothing good for longer', async () => {
    const { check, issue, verifier } = setUp()
    issue('a')
    await check('a', START)
    expect(verifier.recall('a', START - BOUND_MS)).toBeNull()
  })

  it('whoever waits for a reading that never ends asks by itself, and so does the next', async () => {
    const { check, issue, source, state } = setUp()
    issue('a')
    await check('a', START)
    const stuck: Source = { ...source, retirements: () => new Promise(() => {}) }
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] })
    onTestFinished(() => void vi.useRealTimers())
    const asked = Promise.all([check('a', START + BOUND_MS, stuck), check('a', START + BOUND_MS, source)])
    await vi.runAllTimersAsync()
    const [first, second] = await asked
    expect([first.tag, second.tag]).toEqual(['accepted', 'accepted'])
    expect(await check('a', START + 3 * BOUND_MS)).toMatchObject({ asOf: START + 3 * BOUND_MS })
    expect(state.readings).toBe(1)
  })
})

describe('EB-11: whatever the order in which answers arrive', () => {
  const TOKENS = ['a', 'b', 'c'] as const
  const step = fc.oneof(
    {
      weight: 5,
      arbitrary: fc.record({ do: fc.constant('check' as const), token: fc.constantFrom(...TOKENS) }),
    },
    {
      weight: 2,
      arbitrary: fc.record({ do: fc.constant('retire' as const), token: fc.constantFrom(...TOKENS) }),
    },
    {
      weight: 3,
      arbitrary: fc.record({ do: fc.constant('wait' as const), ms: fc.integer({ min: 1, max: 1_500 }) }),
    },
    { weight: 4, arbitrary: fc.record({ do: fc.constant('settle' as const), at: fc.nat() }) },
  )

  it('nobody who asks a bound after the retirement is told that the token is good', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(step, { minLength: 4, maxLength: 40 }), async steps => {
        const truth = createTruth()
        const verifier = createBoundedVerifier<Claims>({ capacity: 4 })
        for (const token of TOKENS) truth.issue(token)
        const retiredAt = new Map<string, number>()
        // Each call reads the truth at one moment, and its answer arrives at another.
        const held: (() => void)[] = []
        const hold = async <T>(read: Promise<T>): Promise<T> => {
          const value = await read
          await new Promise<void>(resolve => held.push(resolve))
          return value
        }
        const source: Source = {
          verify: token => hold(truth.source.verify(token)),
          retirements: after => hold(truth.source.retirements(after)),
        }
        const wrong: string[] = []
        const asked: Promise<void>[] = []
        let now = START
        for (const each of steps) {
          if (each.do === 'wait') now += each.ms
          if (each.do === 'retire' && !retiredAt.has(each.token)) {
            truth.retire(each.token)
            retiredAt.set(each.token, now)
          }
          if (each.do === 'settle') held.splice(each.at % Math.max(1, held.length), 1)[0]?.()
          if (each.do === 'check') {
            const askedAt = now
            const judge = (tag: string) => {
              const since = askedAt - (retiredAt.get(each.token) ?? Number.POSITIVE_INFINITY)
              if (tag === 'accepted' && since >= BOUND_MS) wrong.push(`${each.token} ${since} ms later`)
            }
            asked.push(
              verifier
                .verify(each.token, { source, nowMs: askedAt, waitUntil: () => {} })
                .then(({ tag }) => judge(tag)),
            )
          }
          // Lets everything that can go on do so before the next step.
          await new Promise(resolve => setImmediate(resolve))
        }
        while (held.length > 0) {
          held.shift()?.()
          await new Promise(resolve => setImmediate(resolve))
        }
        await Promise.all(asked)
        expect(wrong).toEqual([])
      }),
      { numRuns: 1_500 },
    )
  })
})

describe('the memory', () => {
  const entry = (token: string) => ({
    token,
    jti: `jti-${token}`,
    claims: null,
    kid: KID,
    feed: 'f',
    checked: { at: START, doubts: 0 },
    until: NEVER,
  })

  it('holds no more than its capacity, and keeps what is used', () => {
    const memory = createTokenMemory<null>(10)
    memory.remember(entry('used'))
    for (let n = 0; n < 1_000; n++) {
      memory.remember(entry(`t${n}`))
      expect(memory.find('used')).toBeDefined()
      expect(memory.size).toBeLessThanOrEqual(10)
    }
    expect(memory.find('t0')).toBeUndefined()
    expect(memory.find('t999')).toBeDefined()
  })

  it('keeps as many as its capacity, whatever their order', () => {
    const memory = createTokenMemory<null>(4)
    const tokens = ['a', 'b', 'c', 'd']
    for (const token of tokens) memory.remember(entry(token))
    for (const token of [...tokens, ...tokens.toReversed(), ...tokens])
      expect(memory.find(token)).toBeDefined()
    memory.remember(entry('e'))
    expect([...tokens, 'e'].filter(token => memory.find(token) === undefined)).toEqual(['a'])
  })

  it('forgets by id wherever it is kept', () => {
    const memory = createTokenMemory<null>(4)
    for (const token of ['a', 'b', 'c', 'd']) memory.remember(entry(token))
    for (const token of ['a', 'b', 'c', 'd']) memory.forget(`jti-${token}`)
    expect(['a', 'b', 'c', 'd'].map(token => memory.find(token))).toEqual(Array(4).fill(undefined))
    expect(memory.size).toBe(0)
  })

  it('knows one token of an id: the newest', () => {
    const memory = createTokenMemory<null>(10)
    memory.remember(entry('a'))
    memory.remember({ ...entry('b'), jti: 'jti-a' })
    expect([memory.find('a'), memory.find('b')?.jti, memory.size]).toEqual([undefined, 'jti-a', 1])
  })
})
