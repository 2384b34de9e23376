// What an app may do, in words.
import type { FC } from 'hono/jsx'
import { Fill } from './fill.tsx'
import { texts } from './texts.ts'

export const ScopeWords: FC<{ readonly scopes: readonly string[] }> = ({ scopes }) => {
  const words = texts.scopes
  return (
    <ul class="scopes">
      {scopes.map(scope => (
        <li>{words.known[scope] ?? <Fill text={words.other} values={{ scope: <code>{scope}</code> }} />}</li>
      ))}
      {scopes.length === 0 && <li>{words.none}</li>}
    </ul>
  )
}
