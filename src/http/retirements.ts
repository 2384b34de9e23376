// The feed of retirements for resource servers that remember tokens themselves: what of their audience is dead.
import * as v from 'valibot'
import { operation } from '#operation'
import type { Client } from '../domain/client.ts'
import { OAuthError } from '../oauth/errors.ts'
import { newestPositionsFor, retirementsFor } from '../oauth/retirements.ts'
import { type FeedPosition, parsePosition, positionText } from '../verifier/feed-position.ts'
import { readQuery } from './body.ts'
import type { LatchkeyContext, LatchkeyEnv } from './context.ts'
import { Hono } from './hono.ts'
import { Problem } from './problem.ts'
import { requireConfidentialClient } from './require-client.ts'

export const retirements = new Hono<LatchkeyEnv>()

const RetirementsQuery = v.object({ after: v.optional(v.string()) })
const texts = v.array(v.string())

/** Without `after`: where the feeds end now. With several positions, commas between them, each is read on from. */
retirements.get(
  '/v1/retirements',
  operation({
    summary: 'Tokens for this resource server that were retired after a position',
    by: 'resource_server',
    query: RetirementsQuery,
    answers: { 200: v.object({ retired: texts, position: v.string(), kids: texts }) },
    refusals: [410],
  }),
  async c => {
    const client = await requireResourceServer(c)
    const { after } = readQuery(c, RetirementsQuery)
    const { parts, facts } = c.var
    const positions =
      after === undefined
        ? await newestPositionsFor(parts, client)
        : parsePositions(after, parts.shards.feeds.size)
    const told = await Promise.all(
      positions.map(async position => {
        const answer = await retirementsFor(parts, client, position, facts.now)
        if (answer === null) throw new Problem('position_gone')
        return { ...answer, position: positionText({ feed: position.feed, seq: answer.seq }) }
      }),
    )
    return c.json({
      retired: told.flatMap(each => each.retired),
      position: told.map(each => each.position).join(),
      kids: told[0]?.kids ?? [],
    })
  },
)

async function requireResourceServer(c: LatchkeyContext): Promise<Client> {
  try {
    return await requireConfidentialClient(c, {})
  } catch (error) {
    if (!(error instanceof OAuthError)) throw error
    throw new Problem('unauthorized', { headers: { 'WWW-Authenticate': 'Basic realm="latchkey"' } })
  }
}

/** One for each feed at most: each is a query. */
function parsePositions(text: string, max: number): FeedPosition[] {
  const positions = text.split(',', max + 1).map(parsePosition)
  if (positions.length > max || !positions.every(each => each !== null)) {
    throw new Problem('invalid_request', { detail: 'check: after' })
  }
  return positions
}
