// Puts values into the `{name}` places of a text, as text: a value can be an element, never markup in a string.
import type { Child, FC } from 'hono/jsx'

interface FillProps {
  readonly text: string
  readonly values: Readonly<Record<string, Child>>
}

export const Fill: FC<FillProps> = ({ text, values }) => (
  <>{text.split(/\{(\w+)\}/).map((part, at) => (at % 2 === 0 ? part : values[part]))}</>
)
