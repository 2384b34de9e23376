// After "this was not me": what has ended, what to do next, and the way to end the rest.
import type { FC } from 'hono/jsx'
import { Form } from '../form.tsx'
import { Layout } from '../layout.tsx'
import { SignedInLayout } from '../signed-in-layout.tsx'
import { texts } from '../texts.ts'

interface NotMeDonePageProps {
  readonly csrfToken: string
  /** Of the notice; null on a page of somebody who is signed in, and stays so. */
  readonly token: string | null
  readonly what: 'ended' | 'endedBefore' | 'allEnded'
  /** Whether the next sign-in takes the typed code. */
  readonly asksForCode: boolean
}

export const NotMeDonePage: FC<NotMeDonePageProps> = ({ csrfToken, token, what, asksForCode }) => {
  const words = texts.notMeDone
  const { title, lead } = words[what]
  const { restLead, back } = token === null ? words.here : words.byNotice
  const steps =
    token === null
      ? [words.mailbox, words.look, ...(asksForCode ? [words.codeNextTime] : [])]
      : [words.mailbox, asksForCode ? words.signInByCode : words.signInAgain]
  const isRestLeft = what !== 'allEnded'
  const content = (
    <>
      <h1>{title}</h1>
      <p class="lead">
        {lead}
        {token !== null && what === 'endedBefore' && <> {words.byNotice.nobody}</>}
      </p>
      <h2>{words.next}</h2>
      <ol class="steps">
        {steps.map(step => (
          <li>{step}</li>
        ))}
      </ol>
      {isRestLeft && (
        <>
          <p class="hint" id="rest">
            {restLead}
          </p>
          <Form {...restOf(token)} csrfToken={csrfToken}>
            <button type="submit" class="button danger" aria-describedby="rest">
              {words.rest}
            </button>
          </Form>
        </>
      )}
      <p class="foot">
        <a href={token === null ? '/account' : '/sign-in'}>{back}</a>
      </p>
    </>
  )
  if (token === null)
    return (
      <SignedInLayout title={title} csrfToken={csrfToken}>
        {content}
      </SignedInLayout>
    )
  return (
    <Layout title={title} {...(isRestLeft ? { csrfToken } : {})} scripts={['link.js']}>
      {content}
    </Layout>
  )
}

/** The form that ends the rest: all for the holder of a notice, all others for somebody who is signed in. */
const restOf = (token: string | null) =>
  token === null
    ? { action: '/account/sessions/end-others', hidden: { client_id: '*' } }
    : { action: '/account/not-me/rest', hidden: { token } }
