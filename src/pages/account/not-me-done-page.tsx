// After "this was not me": what has ended, what to do next, and the way to end the rest.
import type { FC } from 'hono/jsx'
import { Form } from '../form.tsx'
import { Layout } from '../layout.tsx'
import { texts } from '../texts.ts'

interface NotMeDonePageProps {
  readonly csrfToken: string
  readonly token: string
  readonly what: 'ended' | 'endedBefore' | 'allEnded'
  /** Whether the next sign-in takes the typed code. */
  readonly asksForCode: boolean
}

export const NotMeDonePage: FC<NotMeDonePageProps> = ({ csrfToken, token, what, asksForCode }) => {
  const words = texts.notMeDone
  const { title, lead } = words[what]
  const isRestLeft = what !== 'allEnded'
  return (
    <Layout title={title} {...(isRestLeft ? { csrfToken } : {})} scripts={['link.js']}>
      <h1>{title}</h1>
      <p class="lead">{lead}</p>
      <h2>{words.next}</h2>
      <ol class="steps">
        <li>{words.mailbox}</li>
        <li>{asksForCode ? words.signInByCode : words.signInAgain}</li>
      </ol>
      {isRestLeft && (
        <>
          <p class="hint" id="rest">
            {words.restLead}
          </p>
          <Form action="/account/not-me/rest" csrfToken={csrfToken} hidden={{ token }}>
            <button type="submit" class="button danger" aria-describedby="rest">
              {words.rest}
            </button>
          </Form>
        </>
      )}
      <p class="foot">
        <a href="/sign-in">{words.signIn}</a>
      </p>
    </Layout>
  )
}
