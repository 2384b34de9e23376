// A table of figures: the first column names the row, all others are numbers.
import type { Child, FC } from 'hono/jsx'

interface TableProps {
  /** Its name, for whoever does not see the heading above. On a narrow screen it is moved sideways, by keys too. */
  readonly caption: string
  readonly head: readonly string[]
  readonly rows: readonly (readonly Child[])[]
}

export const Table: FC<TableProps> = ({ caption, head, rows }) => (
  <section class="card sheet" aria-label={caption} tabindex={0}>
    <table>
      <thead>
        <tr>
          {head.map(name => (
            <th scope="col">{name}</th>
          ))}
        </tr>
      </thead>
      <tbody>
        {rows.map(([name, ...cells]) => (
          <tr>
            <th scope="row">{name}</th>
            {cells.map(cell => (
              <td>{cell}</td>
            ))}
          </tr>
        ))}
      </tbody>
    </table>
  </section>
)
