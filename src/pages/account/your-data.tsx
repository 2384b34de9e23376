// What is kept about the user and for how long, the way to take it away, and the way to have it deleted.
import type { FC } from 'hono/jsx'
import { texts } from '../texts.ts'

export const YourData: FC = () => {
  const words = texts.yourData
  return (
    <section aria-labelledby="your-data">
      <h2 id="your-data">{words.title}</h2>
      <p class="hint">{words.lead}</p>
      <p class="hint">{words.retention}</p>
      <p class="ways">
        <a class="button" href="/account/data.json" download>
          {words.download}
        </a>
        <a class="button" href="/account/delete">
          {words.delete}
        </a>
      </p>
    </section>
  )
}
