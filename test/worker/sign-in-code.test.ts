import { describe, expect, it } from 'vitest'
import { mintBinding } from '../../src/tokens/binding.ts'
import { ACCEPT_JSON, askForMail, type Browser, browser } from './support/browser.ts'
import { createService, freshAddress, type Service } from './support/service.ts'
import { createClient, requestLink } from './support/sign-in.ts'

async function asked(service: Service) {
  const owner = browser(service)
  const email = freshAddress()
  const mail = await askForMail(service, owner, email)
  return { owner, email, ...mail, signInId: owner.cookie('__Host-sign-in')?.split('.')[0] ?? '' }
}

/** A code of the right form that is not this one. */
const wrong = (code: string, nth = 0): string =>
  (code.startsWith('B') ? 'C' : 'B') + code.slice(1, -1) + 'BCDFGHJKMNPQRTVWXY2346789'[nth]

async function enter(who: Browser, code: string): Promise<string> {
  const response = await who.post('/sign-in/code', { code }, ACCEPT_JSON)
  if (response.status === 303) return '303'
  return ((await response.json()) as { code: string }).code
}

async function wrongCodes(service: Service, signInId: string): Promise<number | undefined> {
  const row = await service.parts.shards
    .of(signInId)
    .prepare('SELECT wrong_codes FROM sign_ins WHERE id = ?')
    .bind(signInId)
    .first<{ wrong_codes: number }>()
  return row?.wrong_codes
}

describe('signing in by typed code', () => {
  it('ML-04: the code signs in the browser that asked, and sends it to its page', async () => {
    const service = createService()
    const { owner, code } = await asked(service)
    const done = await owner.post('/sign-in/code', { code })
    expect([done.status, done.headers.get('Location')]).toEqual([303, '/account'])
    expect((await owner.get('/account')).status).toBe(200)
  })

  it('ML-05: what an app has asked for signs no browser in, though that has what its challenge is a digest of', async () => {
    const service = createService()
    const { client_id } = await createClient(service)
    const { secret, digest } = await mintBinding('', null)
    const attempt = await requestLink(service, client_id, freshAddress(), { code_challenge: digest })
    const { signInId, code, token } = attempt
    const who = browser(service)
    await who.get('/sign-in')
    const Cookie = `__Host-csrf=${who.cookie('__Host-csrf')}; __Host-sign-in=${signInId}.${secret}`
    const proofs = { code: { code }, link: { token } }
    for (const [by, proof] of Object.entries(proofs)) {
      const answer = await who.post(`/sign-in/${by}`, proof, { ...ACCEPT_JSON, Cookie })
      expect([answer.status, await answer.json()]).toMatchObject([403, { code: 'wrong_browser' }])
    }
  })

  it.each([
    ['lower case', (code: string) => code.toLowerCase()],
    ['no hyphen', (code: string) => code.replace('-', '')],
    ['spaces between all', (code: string) => ` ${[...code.replace('-', '')].join(' ')} `],
    ['hyphens between all', (code: string) => [...code.replace('-', '')].join('-')],
    ['a no-break space', (code: string) => code.replace('-', '\u00A0')],
  ])('ML-01: a code is taken with %s', async (_how, retype) => {
    const { owner, code } = await asked(createService())
    expect(await enter(owner, retype(code))).toBe('303')
  })

  it.each([
    ['', 'wrong_code'],
    ['x', 'wrong_code'],
    ['BCDF-GHJ', 'wrong_code'],
    ['BCDF-GHJKM', 'wrong_code'],
    ['0O1I-LSZ5', 'wrong_code'],
    ['%_%_%_%_', 'wrong_code'],
    ["' OR 1=1", 'wrong_code'],
  ])('ML-01: %j is a wrong code', async (text, expected) => {
    expect(await enter((await asked(createService())).owner, text)).toBe(expected)
  })

  it.each([
    [599, '303'],
    [600, 'sign_in_ended'],
    [601, 'sign_in_ended'],
  ])('ML-02: a code after %i seconds is answered %s', async (seconds, expected) => {
    const service = createService()
    const { owner, code } = await asked(service)
    const cookie = { Cookie: `__Host-sign-in=${owner.cookie('__Host-sign-in')}` }
    await owner.get('/sign-in')
    service.now += seconds
    // A browser forgets the cookie after ten minutes; somebody who keeps it gains nothing.
    const headers = { ...ACCEPT_JSON, Cookie: `${cookie.Cookie}; __Host-csrf=${owner.cookie('__Host-csrf')}` }
    const response = await owner.post('/sign-in/code', { code }, headers)
    const said = response.status === 303 ? '303' : ((await response.json()) as { code: string }).code
    expect(said).toBe(expected)
  })

  it('ML-03: link and code together succeed once, also at the same moment', async () => {
    const service = createService()
    for (let round = 0; round < 5; round++) {
      const { owner, code, token } = await asked(service)
      const answers = await Promise.all(
        [0, 1, 2].flatMap(() => [
          owner.post('/sign-in/link', { token }, ACCEPT_JSON),
          owner.post('/sign-in/code', { code }, ACCEPT_JSON),
        ]),
      )
      expect(answers.map(({ status }) => status).sort()).toEqual([303, 400, 400, 400, 400, 400])
      expect(await enter(owner, code)).toBe('link_used')
    }
  })
})

describe('guessing', () => {
  it('ML-09: five wrong codes end both the code and the link', async () => {
    const service = createService()
    const { owner, code, token } = await asked(service)
    for (let nth = 0; nth < 4; nth++) expect(await enter(owner, wrong(code, nth))).toBe('wrong_code')
    expect(await enter(owner, wrong(code, 4))).toBe('sign_in_ended')
    expect(await enter(owner, code)).toBe('sign_in_ended')
    const link = await owner.post('/sign-in/link', { token }, ACCEPT_JSON)
    expect([link.status, ((await link.json()) as { code: string }).code]).toEqual([400, 'sign_in_ended'])
    expect((await owner.get(`/sign-in/link?token=${token}`)).status).toBe(400)
    expect(await (await owner.get('/sign-in/check', ACCEPT_JSON)).json()).toMatchObject({ state: 'ended' })
    expect(owner.cookie('__Host-session')).toBeUndefined()
  })

  it('ML-09: four wrong codes leave both alive, and a new mail starts a new count', async () => {
    const service = createService()
    const { owner, code, email } = await asked(service)
    for (let nth = 0; nth < 4; nth++) await enter(owner, wrong(code, nth))
    const fresh = await askForMail(service, owner, email)
    expect(await enter(owner, wrong(fresh.code))).toBe('wrong_code')
    expect(await enter(owner, fresh.code)).toBe('303')
    const other = await asked(service)
    for (let nth = 0; nth < 4; nth++) await enter(other.owner, wrong(other.code, nth))
    expect((await other.owner.post('/sign-in/link', { token: other.token })).status).toBe(303)
  })

  it('ML-09: what cannot be a code costs a try like any other', async () => {
    const service = createService()
    const { owner, code, signInId } = await asked(service)
    for (const text of ['', 'x', '12345678', '----', 'B'.repeat(500)]) await enter(owner, text)
    expect(await wrongCodes(service, signInId)).toBe(5)
    expect(await enter(owner, code)).toBe('sign_in_ended')
  })

  it('ML-09: guesses that arrive together are counted one by one', async () => {
    const service = createService()
    const { owner, code, signInId } = await asked(service)
    await Promise.all(Array.from({ length: 3 }, (_, nth) => enter(owner, wrong(code, nth))))
    expect(await wrongCodes(service, signInId)).toBe(3)
    const answers = await Promise.all(Array.from({ length: 20 }, (_, nth) => enter(owner, wrong(code, nth))))
    expect(answers.filter(answer => answer === 'wrong_code')).toHaveLength(1)
    expect(answers.filter(answer => answer === 'sign_in_ended')).toHaveLength(19)
    expect(await wrongCodes(service, signInId)).toBe(5)
    expect(await enter(owner, code)).toBe('sign_in_ended')
  })

  it('ML-10: codes typed elsewhere, right or wrong, count for nothing', async () => {
    const service = createService()
    const { owner, code, signInId } = await asked(service)
    const stranger = browser(service)
    await stranger.get('/sign-in')
    const csrf = `__Host-csrf=${stranger.cookie('__Host-csrf')}`
    const guess = async (text: string, cookie: string) => {
      const headers = { ...ACCEPT_JSON, Cookie: `${csrf}; ${cookie}` }
      const response = await stranger.post('/sign-in/code', { code: text }, headers)
      return [response.status, ((await response.json()) as { code: string }).code]
    }
    // Even one who knows the id of the sign-in, but not the secret beside it.
    for (const cookie of ['', `__Host-sign-in=${signInId}.${'A'.repeat(43)}`]) {
      for (let nth = 0; nth < 8; nth++) {
        expect(await guess(wrong(code, nth), cookie)).toEqual([403, 'wrong_browser'])
      }
      expect(await guess(code, cookie)).toEqual([403, 'wrong_browser'])
    }
    expect(await wrongCodes(service, signInId)).toBe(0)
    expect(await enter(owner, code)).toBe('303')
  })

  it('ML-05: the code of one sign-in is wrong in another, though both wait for the same address', async () => {
    const service = createService()
    const victim = await asked(service)
    const attacker = browser(service)
    await askForMail(service, attacker, victim.email)
    expect(await enter(attacker, victim.code)).toBe('wrong_code')
    expect(await enter(victim.owner, victim.code)).toBe('303')
  })
})
