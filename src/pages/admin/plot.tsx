// A bar for each hour or day, drawn by the server: attributes and classes only, no script and no inline style. What is drawn
// is said in words too, and stands in the table beside it.
import type { FC } from 'hono/jsx'
import { texts } from '../texts.ts'

interface PlotProps {
  readonly title: string
  /** Of each bar, from the oldest on. */
  readonly values: readonly number[]
  /** Below the axis, from its beginning to its end. */
  readonly marks: readonly string[]
  /** "an hour", "a day" */
  readonly each: string
  /** What will be seen here once there is something. */
  readonly empty: string
}

const HEIGHT = 100
const STEP = 10
const BAR = 8

export const Plot: FC<PlotProps> = ({ title, values, marks, each, empty }) => {
  const words = texts.admin.plot
  const most = Math.max(...values)
  const total = values.reduce((sum, value) => sum + value, 0)
  const summary = `${format(total)} ${words.inAll}, ${words.atMost} ${format(most)} ${each}`
  return (
    <figure class="card plot">
      <figcaption>
        <h3>{title}</h3>
        <p class="hint">{total === 0 ? empty : summary}</p>
      </figcaption>
      {total > 0 && (
        <>
          <p class="most" aria-hidden="true">
            {format(most)}
          </p>
          <svg
            viewBox={`0 0 ${values.length * STEP} ${HEIGHT}`}
            preserveAspectRatio="none"
            aria-hidden="true"
          >
            {values.map((value, index) => {
              // What is not nothing is to be seen.
              const height = value === 0 ? 0 : Math.max(2, Math.round((value / most) * HEIGHT))
              return <rect x={index * STEP + 1} y={HEIGHT - height} width={BAR} height={height} />
            })}
          </svg>
          <p class="marks" aria-hidden="true">
            {marks.map(mark => (
              <span>{mark}</span>
            ))}
          </p>
        </>
      )}
    </figure>
  )
}

const numbers = new Intl.NumberFormat(texts.language)

export const format = (value: number): string => numbers.format(value)
