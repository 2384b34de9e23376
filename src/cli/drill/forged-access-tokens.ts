// Access tokens as a thief of key and database makes them: their own with other claims, and everybody else's from the
// rows, which have all but the bucket.
import type { Row } from './local-database.ts'
import { type Claims, claimsOf, randomSecret, type Thief } from './thief.ts'

export interface Forged {
  readonly what: string
  readonly token: string
  /** Signed by a published key, of the right type and not expired: its use must be counted. */
  readonly raisesAlarm: boolean
}

/** @param ownToken a live one of the thief's @param victimId whose rows are used */
export function forgeAccessTokens(thief: Thief, ownToken: string, victimId: string): readonly Forged[] {
  const own = claimsOf(ownToken)
  const forged = (what: string, claims: Claims, typ = 'at+jwt', header: Claims = {}): Forged => ({
    what,
    token: thief.forge(typ, claims, header),
    raisesAlarm: typ === 'at+jwt' && Object.keys(header).length === 0,
  })
  const sessions = thief.rows('sessions', { user_id: victimId })
  const live = sessions.flatMap(session =>
    thief
      .rows('entropy_buckets', { session_id: session.id, retired_at: null })
      .map(bucket => ({ bucket, claims: rebuild(own, session, bucket) })),
  )
  const dead = thief
    .rows('entropy_buckets', { user_id: victimId })
    .filter(bucket => bucket.retired_at !== null)
    .map(bucket => rebuild(own, { ...sessions[0], id: bucket.session_id }, bucket))
  const [victim = own] = live.map(({ claims }) => claims)

  return [
    ...live.flatMap(({ bucket, claims }) => [
      forged('the token of a live session from its rows, with a bucket of their own', claims),
      forged('the same with the stored commitment as bucket', { ...claims, eb: bucket.commitment }),
      forged('the same without a bucket', { ...claims, eb: undefined }),
      forged('the same in its next generation', {
        ...claims,
        jti: `${claims.sid}.${Number(bucket.generation) + 1}`,
      }),
    ]),
    ...dead.map(claims =>
      forged('the token of a dead session or generation, brought to life', { ...claims, exp: own.exp }),
    ),
    forged('their own, of another user', { ...own, sub: victim.sub }),
    forged('their own, in the session of another', {
      ...own,
      sub: victim.sub,
      sid: victim.sid,
      jti: victim.jti,
    }),
    forged('their own, for a year', { ...own, exp: Number(own.exp) + 31_536_000 }),
    forged('their own, with more scope', { ...own, scope: `${own.scope} admin` }),
    forged('their own, for another audience', { ...own, aud: 'https://api.example' }),
    forged('their own, of another client', { ...own, client_id: 'demo-app' }),
    forged('their own, with another bucket', { ...own, eb: randomSecret() }),
    forged('their own, in a generation that never was', { ...own, jti: `${own.sid}.9` }),
    forged('their own, of a user who never was', { ...own, sub: `u_aa${'A'.repeat(22)}` }),
    forged('of the client in its own name', {
      ...own,
      sub: own.client_id,
      jti: `m_aa${'A'.repeat(22)}.1`,
      ...{ sid: undefined, auth_time: undefined, amr: undefined },
    }),
    forged('of another issuer', { ...own, iss: 'https://auth.example' }),
    ...['JWT', 'magic-link+jwt', 'logout+jwt'].map(typ => forged(`their own as ${typ}`, victim, typ)),
    forged('with no algorithm', victim, 'at+jwt', { alg: 'none' }),
    forged('with the algorithm of a shared secret', victim, 'at+jwt', { alg: 'HS256' }),
    forged('with a key id that is unknown', victim, 'at+jwt', { kid: 'k_unknown' }),
  ]
}

/** Every claim stands in the rows, but for the bucket. */
const rebuild = (like: Claims, session: Row, bucket: Row): Claims => ({
  ...like,
  sub: bucket.user_id,
  aud: bucket.audience,
  client_id: session.client_id,
  scope: session.scope,
  iat: bucket.issued_at,
  exp: bucket.expires_at,
  jti: `${bucket.session_id}.${bucket.generation}`,
  sid: bucket.session_id,
  auth_time: session.created_at,
  eb: randomSecret(),
})
