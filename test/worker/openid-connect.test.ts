// What a relying party rests on: who somebody is, when and how they signed in, and that none of it is reassigned.
import { createLocalJWKSet, decodeJwt, type JSONWebKeySet, jwtVerify } from 'jose'
import { describe, expect, it } from 'vitest'
import { connect, createApp } from './support/authorize.ts'
import { signInBrowser } from './support/browser.ts'
import { confidentialClient } from './support/confidential.ts'
import { admin, bearer, createService, form, freshAddress, ISSUER } from './support/service.ts'
import { refresh, type Tokens } from './support/sign-in.ts'

const service = createService()

async function verified(idToken: string | undefined, audience: string) {
  const jwks = (await (await service.request('/.well-known/jwks.json')).json()) as JSONWebKeySet
  const currentDate = new Date(service.now * 1_000)
  return jwtVerify(idToken ?? '', createLocalJWKSet(jwks), { issuer: ISSUER, audience, currentDate })
}

describe('an ID token', () => {
  it('OI-01: says who, for whom, since when and in answer to what', async () => {
    const app = await createApp(service)
    const visitor = await signInBrowser(service, freshAddress())
    const signedInAt = service.now
    service.now += 30
    const tokens = await connect(app, visitor, { scope: 'openid', nonce: 'n-0S6_WzA2Mj', max_age: '60' })
    const { payload, protectedHeader } = await verified(tokens.id_token, app.clientId)
    expect(protectedHeader).toMatchObject({ alg: 'ES256', kid: expect.any(String) })
    expect(payload).toEqual({
      iss: ISSUER,
      sub: tokens.user_id,
      aud: app.clientId,
      iat: service.now,
      exp: service.now + 600,
      auth_time: signedInAt,
      amr: ['email_link'],
      sid: decodeJwt(tokens.access_token).sid,
      nonce: 'n-0S6_WzA2Mj',
    })
  })

  it('OI-01: of a refresh is for the same person and sign-in', async () => {
    const app = await createApp(service)
    const first = await connect(app, await signInBrowser(service, freshAddress()), { scope: 'openid' })
    service.now += 60
    const next = (await (await refresh(service, first)).json()) as Tokens
    const { payload } = await verified(next.id_token, app.clientId)
    const { iss, sub, aud, auth_time } = decodeJwt(first.id_token ?? '')
    expect(payload).toMatchObject({ iss, sub, aud, auth_time, iat: service.now })
  })

  it('comes with the scope openid and not without it', async () => {
    const app = await createApp(service)
    const tokens = await connect(app, await signInBrowser(service, freshAddress()), { scope: 'read' })
    expect(tokens).not.toHaveProperty('id_token')
  })
})

describe('a subject', () => {
  it('OI-04: is stable, short, no address, and never given to another', async () => {
    const app = await createApp(service)
    const email = freshAddress()
    const first = await connect(app, await signInBrowser(service, email), { scope: 'openid' })
    const again = await connect(app, await signInBrowser(service, email), { scope: 'openid' })
    const { sub = '' } = decodeJwt(first.id_token ?? '')
    expect(decodeJwt(again.id_token ?? '').sub).toBe(sub)
    expect(sub).toMatch(/^[\x21-\x7E]{1,255}$/)
    expect(sub).not.toContain(email.split('@')[0] ?? '')
    await service.request(`/admin/v1/users/${sub}`, admin(service, { method: 'DELETE' }))
    const reborn = await connect(app, await signInBrowser(service, email), { scope: 'openid' })
    expect(decodeJwt(reborn.id_token ?? '').sub).not.toBe(sub)
  })
})

describe('when somebody signed in', () => {
  it('OA-10, ML-18: is told truthfully in every token and by introspection, however old the session', async () => {
    const client = await confidentialClient(service, {
      redirect_uris: ['https://app.test/cb'],
      scopes: ['openid', 'read'],
      token_endpoint_auth_method: 'client_secret_post',
    })
    const secret = { client_id: client.client_id, client_secret: client.client_secret ?? '' }
    const app = {
      service,
      clientId: client.client_id,
      redirectUri: 'https://app.test/cb',
      secret: client.client_secret,
    }
    const visitor = await signInBrowser(service, freshAddress())
    const signedInAt = service.now
    service.now += 3_600
    let tokens = await connect(app, visitor, { scope: 'openid' })
    for (let round = 0; round < 2; round++) {
      for (const token of [tokens.access_token, tokens.id_token ?? '']) {
        expect(decodeJwt(token)).toMatchObject({ auth_time: signedInAt, amr: ['email_link'] })
        expect(decodeJwt(token)).not.toHaveProperty('acr')
      }
      const answer = await service.request(
        '/oauth2/introspect',
        form({ ...secret, token: tokens.access_token }),
      )
      expect(await answer.json()).toMatchObject({ active: true, auth_time: signedInAt })
      service.now += 300
      const fields = { ...secret, grant_type: 'refresh_token', refresh_token: tokens.refresh_token }
      tokens = (await (await service.request('/oauth2/token', form(fields))).json()) as Tokens
    }
  })

  it('OA-10, SE-18: a token of long ago changes nothing that asks for a recent sign-in', async () => {
    const app = await createApp(service, { scopes: ['sessions'] })
    const tokens = await connect(app, await signInBrowser(service, freshAddress()), {})
    for (const path of ['/account/email', '/account/apps/withdraw', '/oauth2/authorize/continue']) {
      const sent = await service.request(path, bearer(tokens.access_token, form({ email: freshAddress() })))
      expect(sent.status).toBe(403)
    }
  })
})
