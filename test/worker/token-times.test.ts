// Times in a token are only as good as its commitment: with the key one may write any, and none is accepted.
import { beforeAll, expect, it, vi } from 'vitest'
import { type Claims, claimsOf, type LeakedKey, leakKey, payloadText } from './support/leaked-key.ts'
import { bearer, createService, freshAddress } from './support/service.ts'
import { createClient, signIn } from './support/sign-in.ts'

const service = createService()
const YEAR = 31_536_000
let key: LeakedKey
let own: string
beforeAll(async () => {
  vi.spyOn(console, 'info').mockReturnValue()
  own = (await signIn(service, (await createClient(service)).client_id, freshAddress())).access_token
  key = await leakKey(service)
})

const statusOf = async (token: string) => (await service.request('/ping/whoami', bearer(token))).status
const timesOf = () => claimsOf(own) as { iat: number; exp: number }

/** Each change, and an expiry as it stands in the JSON where no number of JavaScript says it. */
const DATED: readonly [what: string, changes: () => Claims][] = [
  ['JW-07: issued in a year', () => ({ iat: timesOf().iat + YEAR })],
  ['JW-07: issued at a time in text', () => ({ iat: String(timesOf().iat) })],
  ['JW-07: issued at no time', () => ({ iat: undefined })],
  ['JW-07: issued at half a second', () => ({ iat: timesOf().iat + 0.5 })],
  ['JW-07: not before ten minutes', () => ({ nbf: timesOf().iat + 600 })],
  ['JW-07: not before a time in text', () => ({ nbf: 'now' })],
  ['JW-07: not before now', () => ({ nbf: timesOf().iat })],
  ['JW-06: for a year', () => ({ exp: timesOf().exp + YEAR })],
  ['JW-06: until a time in text', () => ({ exp: String(timesOf().exp) })],
  ['JW-06: until half a second', () => ({ exp: timesOf().exp + 0.5 })],
  ['JW-06: in milliseconds', () => ({ exp: timesOf().exp * 1_000 })],
  ['JW-06: until before it was issued', () => ({ exp: -1 })],
  ['JW-06: until null', () => ({ exp: null })],
  ['JW-06: without an end', () => ({ exp: undefined })],
]
const UNTIL = ['1e308', '1e999', '-1e999']

// All at once: each answer is waited for until its alarm is written.
it('JW-06, JW-07: a token that the key’s holder has dated in any way is refused, and the one it was made of is not', async () => {
  const dated = [
    ...(await Promise.all(
      DATED.map(async ([what, changes]) => [what, await key.resign(own, changes())] as const),
    )),
    ...(await Promise.all(
      UNTIL.map(async number => {
        const payload = payloadText(own).replace(/"exp":\d+/, `"exp":${number}`)
        return [`JW-06: until ${number}`, await key.sign(payload)] as const
      }),
    )),
  ]
  const answers = await Promise.all(dated.map(async ([what, token]) => [what, await statusOf(token)]))
  expect(answers).toEqual(dated.map(([what]) => [what, 401]))
  expect(await statusOf(own)).toBe(200)
})
