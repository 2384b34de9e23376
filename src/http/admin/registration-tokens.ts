// Initial access tokens: what lets others register clients (RFC 7591 §1.2). Shown once; a digest stays.
import * as v from 'valibot'
import { operation } from '#operation'
import { REGISTRATION_TOKEN_MAX_SECONDS, REGISTRATION_TOKEN_SECONDS } from '../../domain/limits.ts'
import { rfc3339 } from '../../domain/time.ts'
import { mintInitialAccessToken } from '../../oauth/registration/initial-access-token.ts'
import {
  deleteRegistrationToken,
  insertRegistrationToken,
  listRegistrationTokens,
  type RegistrationTokenRow,
} from '../../store/registration-tokens.ts'
import { readJson } from '../body.ts'
import type { LatchkeyEnv } from '../context.ts'
import { Hono } from '../hono.ts'
import { Count, NullableText, Time } from '../openapi/fields.ts'
import { Problem } from '../problem.ts'

export const adminRegistrationTokens = new Hono<LatchkeyEnv>()

const Body = v.object({
  description: v.nullish(v.pipe(v.string(), v.maxLength(300)), null),
  expires_in: v.optional(
    v.pipe(v.number(), v.integer(), v.minValue(1), v.maxValue(REGISTRATION_TOKEN_MAX_SECONDS)),
    REGISTRATION_TOKEN_SECONDS,
  ),
  max_uses: v.nullish(v.pipe(v.number(), v.integer(), v.minValue(1), v.maxValue(1_000_000)), null),
})

const View = v.object({
  id: v.string(),
  description: NullableText,
  created_at: Time,
  expires_at: Time,
  max_uses: v.nullable(Count),
  uses: Count,
})

adminRegistrationTokens.post(
  '/admin/v1/registration-tokens',
  operation({
    summary: 'Makes an initial access token, shown once',
    by: 'operator',
    json: Body,
    answers: { 201: v.object({ ...View.entries, token: v.string() }) },
  }),
  async c => {
    const { parts, facts } = c.var
    const { description, expires_in, max_uses } = await readJson(c, Body)
    const minted = await mintInitialAccessToken()
    const row: RegistrationTokenRow = {
      id: minted.id,
      secret_digest: minted.digest,
      description,
      created_at: facts.now,
      expires_at: facts.now + expires_in,
      max_uses,
      uses: 0,
    }
    await insertRegistrationToken(parts.shards.global, row)
    return c.json({ ...view(row), token: minted.text }, 201)
  },
)

adminRegistrationTokens.get(
  '/admin/v1/registration-tokens',
  operation({
    summary: 'Initial access tokens',
    by: 'operator',
    answers: { 200: v.object({ registration_tokens: v.array(View) }) },
  }),
  async c => {
    const rows = await listRegistrationTokens(c.var.parts.shards.global)
    return c.json({ registration_tokens: rows.map(view) })
  },
)

/** Clients that were registered with it stay. */
adminRegistrationTokens.delete(
  '/admin/v1/registration-tokens/:id',
  operation({
    summary: 'Takes an initial access token back',
    by: 'operator',
    answers: { 204: null },
    refusals: [404],
  }),
  async c => {
    if (!(await deleteRegistrationToken(c.var.parts.shards.global, c.req.param('id'))))
      throw new Problem('not_found')
    return c.body(null, 204)
  },
)

const view = (row: RegistrationTokenRow) => ({
  id: row.id,
  description: row.description,
  created_at: rfc3339(row.created_at),
  expires_at: rfc3339(row.expires_at),
  max_uses: row.max_uses,
  uses: row.uses,
})
