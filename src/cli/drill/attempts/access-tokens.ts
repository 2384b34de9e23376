// Access tokens, wherever one is taken, and where none is.
import { COMMANDS } from '../../admin/commands.ts'
import type { Answered, Attempt } from '../attempt.ts'
import { forgeAccessTokens } from '../forged-access-tokens.ts'
import type { Scene } from '../scene.ts'
import { claimsOf } from '../thief.ts'
import { basic, bearer } from './authorization.ts'

/** Anything else would mean that the token was taken, if not for this. */
const isUnknown = ({ status }: Answered): boolean => status === 401
const JSON_TYPE = { 'content-type': 'application/json' }

export function accessTokens({ thief, ownToken, victimId, introspecting }: Scene): Attempt[] {
  const victimsSession = thief.rows('sessions', { user_id: victimId })[0]?.id
  const kind = 'access tokens'
  const places = [
    ['GET', '/ping/whoami'],
    ['GET', '/oauth2/userinfo'],
    ['GET', '/v1/sessions'],
    ['GET', '/v1/sessions/current'],
    ['GET', '/v1/events'],
    ['GET', '/v1/preferences'],
    ['PUT', '/v1/preferences', '{"one_device":true}'],
    ['POST', '/v1/sessions/revoke-others', '{"client_id":"*"}'],
    ['POST', '/v1/sessions/revoke-all', '{"include_apps":true}'],
    ['DELETE', `/v1/sessions/${victimsSession}`],
    ['POST', '/oauth2/logout'],
  ] as const
  return forgeAccessTokens(thief, ownToken, victimId).flatMap(({ what, token, raisesAlarm }) => [
    ...places.map(([method, path, body]) => ({
      ...{ kind, what, method, path, raisesAlarm, isRefused: isUnknown },
      headers: { ...bearer(token), ...(body === undefined ? {} : JSON_TYPE) },
      ...(body === undefined ? {} : { body }),
    })),
    {
      ...{ kind, what, method: 'GET', path: '/v1/sessions/live', raisesAlarm, isRefused: isUnknown },
      headers: { ...bearer(token), accept: 'text/event-stream' },
    },
    {
      ...{ kind, what, method: 'POST', path: '/oauth2/introspect', raisesAlarm },
      headers: basic(introspecting.id, introspecting.secret),
      body: new URLSearchParams({ token }),
      isRefused: ({ text }) => text === '{"active":false}',
    },
    {
      // Its answer is the same for everything (RFC 7009 §2.2); that it ended nothing is seen afterwards.
      ...{ kind, what, method: 'POST', path: '/oauth2/revoke', raisesAlarm },
      body: new URLSearchParams({ token, client_id: 'demo' }),
      isRefused: ({ status }) => status < 500,
    },
    {
      kind: 'access tokens as the operator’s',
      what,
      method: 'GET',
      path: '/admin/v1/clients',
      headers: bearer(token),
      isRefused: isUnknown,
    },
  ])
}

/** Every route of the operators, with what could pass for their token. */
export function operatorsTokens({ thief, ownToken, victimId }: Scene): Attempt[] {
  const own = claimsOf(ownToken)
  const tokens = [
    ['a signed one', thief.forge('at+jwt', { ...own, sub: 'admin', scope: 'admin', aud: own.iss })],
    ['a digest', thief.rows('sessions', { user_id: victimId })[0]?.secret_digest],
    ['the id of the key', thief.kid],
  ]
  return tokens.flatMap(([what, token]) =>
    COMMANDS.map(({ method, path }) => ({
      ...{ kind: 'the operators’ token', what: String(what), method, isRefused: isUnknown },
      path: path.replaceAll(/\{[^}]+\}/g, victimId),
      headers: { ...bearer(token), ...JSON_TYPE },
      ...(method === 'GET' || method === 'DELETE' ? {} : { body: '{}' }),
    })),
  )
}
