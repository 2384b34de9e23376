// The one error exit: whatever was thrown becomes OAuth JSON, a problem, or a page. Nothing of the inside leaves.
import type { Context } from 'hono'
import { ConfigError } from '../config.ts'
import { RETRY_AFTER_SECONDS } from '../domain/limits.ts'
import { errorName } from '../log.ts'
import { OAuthError } from '../oauth/errors.ts'
import { ErrorPage } from '../pages/error-page.tsx'
import { refusedFor } from '../records/record.ts'
import { StorageUnavailable } from '../store/d1.ts'
import type { LatchkeyEnv } from './context.ts'
import { isOAuthPath, wantsPage } from './negotiate.ts'
import { Problem, type ProblemCode } from './problem.ts'

/** Refusals after which a new sign-in is what helps. */
const SIGN_IN_AGAIN: Partial<Record<ProblemCode, true>> = {
  unauthorized: true,
  session_ended: true,
  link_used: true,
  link_expired: true,
  invalid_link: true,
  sign_in_ended: true,
}

export function answerError(error: unknown, c: Context<LatchkeyEnv>): Response | Promise<Response> {
  const requestId = c.get('requestId')
  if (error instanceof OAuthError) return answerOAuthError(error, c)
  const problem = toProblem(error)
  noteFailure(error, problem)
  c.header('Cache-Control', 'no-store')
  for (const [name, value] of Object.entries(problem.extras.headers ?? {})) c.header(name, value)
  if (wantsPage(c)) {
    const { status, title } = problem
    return c.html(
      <ErrorPage
        status={status}
        title={title}
        detail={problem.extras.detail ?? title}
        requestId={requestId}
        signInAgain={problem.code in SIGN_IN_AGAIN}
      />,
      status,
    )
  }
  if (isOAuthPath(c.req.path)) return c.json(oauthBody(problem), problem.status)
  return c.body(JSON.stringify(problem.body(requestId)), problem.status, {
    'Content-Type': 'application/problem+json',
  })
}

function oauthBody(problem: Problem) {
  const { code, status, title } = problem
  const unavailable = status === 429 || status === 503 ? 'temporarily_unavailable' : null
  const error = unavailable ?? (status >= 500 ? 'server_error' : 'invalid_request')
  return { error, error_description: problem.extras.detail ?? title, code }
}

function answerOAuthError(error: OAuthError, c: Context<LatchkeyEnv>): Response {
  refusedFor(error.latchkeyCode ?? error.code, { detail: error.detail })
  c.header('Cache-Control', 'no-store')
  if (error.code === 'invalid_client' && c.req.header('Authorization') !== undefined) {
    c.header('WWW-Authenticate', 'Basic realm="latchkey", charset="UTF-8"')
  }
  if (error.challenge !== null) c.header('WWW-Authenticate', error.challenge)
  const code = error.latchkeyCode === null ? {} : { code: error.latchkeyCode }
  return c.json({ error: error.code, error_description: error.description, ...code }, error.status)
}

function toProblem(error: unknown): Problem {
  if (error instanceof Problem) return error
  if (error instanceof StorageUnavailable) {
    return new Problem('unavailable', { headers: { 'Retry-After': String(RETRY_AFTER_SECONDS) } })
  }
  if (error instanceof ConfigError) return new Problem('misconfigured')
  return new Problem('internal_error')
}

function noteFailure(error: unknown, problem: Problem): void {
  if (problem.status < 500) {
    refusedFor(problem.code)
    return
  }
  const settings = error instanceof ConfigError ? error.settings.join(' ') : null
  const name = errorName(error)
  // Texts of storage errors can hold bound values: the name and the place are enough to find the cause.
  const place = error instanceof Error ? placeOf(error) : null
  refusedFor(problem.code, { error: name, place, settings })
}

/** The innermost frames. The text before them is left out whole: it can have any number of lines. */
function placeOf({ message, stack = '' }: Error): string {
  const frames = stack.slice(stack.indexOf(message) + message.length).split('\n')
  return frames
    .filter(line => /^\s+at /.test(line))
    .slice(0, 3)
    .map(line => line.trim())
    .join(' ')
}
