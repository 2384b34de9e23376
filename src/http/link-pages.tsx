// The link in the mail. Opening it changes nothing: mail scanners open links, people press buttons.
import * as v from 'valibot'
import { operation } from '#operation'
import { isOpen } from '../domain/sign-in.ts'
import { LinkEndedPage } from '../pages/link-ended-page.tsx'
import { LinkPage } from '../pages/link-page.tsx'
import { OpenInAppPage } from '../pages/open-in-app-page.tsx'
import { WrongBrowserPage } from '../pages/wrong-browser-page.tsx'
import { refusedFor } from '../records/record.ts'
import { asksForCode } from '../sign-in/asks-code.ts'
import { readLink } from '../sign-in/prove.ts'
import { findUse } from '../store/sign-ins.ts'
import { digestsEqual } from '../tokens/digest.ts'
import { askForCode } from './ask-for-code.tsx'
import { requestBinding } from './binding.ts'
import type { LatchkeyEnv } from './context.ts'
import { locationOf } from './continue-to.ts'
import { csrfToken } from './csrf.ts'
import { allowFormTarget } from './form-target.ts'
import { Hono } from './hono.ts'
import { wantsJson } from './negotiate.ts'
import { texts } from './openapi/form.ts'
import { Problem, type ProblemCode } from './problem.ts'

const SHOWN: { readonly [Why in ProblemCode]?: 'used' | 'expired' } = {
  link_used: 'used',
  link_expired: 'expired',
}

export const linkPages = new Hono<LatchkeyEnv>()

linkPages.get(
  '/sign-in/link',
  operation(() => ({
    summary: 'Asks whether to complete a sign-in, or explains why it cannot be done here; changes nothing',
    by: 'visitor',
    query: v.object(texts(['token'])),
    answers: { 200: 'text/html' },
  })),
  async c => {
    const { parts, facts } = c.var
    const token = c.req.query('token') ?? ''
    const link = await readLink(parts, token, facts)
    const ended = async (why: ProblemCode) => {
      if (wantsJson(c)) throw new Problem(why)
      refusedFor(why)
      return c.html(<LinkEndedPage csrfToken={await csrfToken(c)} why={SHOWN[why] ?? 'invalid'} />, 400)
    }
    if (link.tag === 'refused') return ended(link.why)
    const { signIn } = link
    const client = await parts.findClient(signIn.clientId, facts.now)
    const clientName = client?.name ?? ''
    if (signIn.startedIn === 'app') {
      return c.html(<OpenInAppPage csrfToken={await csrfToken(c)} clientName={clientName} />)
    }
    const binding = await requestBinding(c)
    if (binding === null || !digestsEqual(binding.digest, signIn.bindingDigest)) {
      if (wantsJson(c)) throw new Problem('wrong_browser')
      refusedFor('wrong_browser')
      return c.html(<WrongBrowserPage csrfToken={await csrfToken(c)} />)
    }
    const spent = await findUse(parts.shards, link)
    if (spent !== null) return ended('link_used')
    if (!isOpen(signIn, facts.now)) return ended('link_expired')
    const location = await locationOf(parts, signIn)
    if (await asksForCode(parts, link)) return askForCode(c, signIn.id, location, 200)
    await allowFormTarget(c, location)
    return c.html(<LinkPage csrfToken={await csrfToken(c)} token={token} clientName={clientName} />)
  },
)
