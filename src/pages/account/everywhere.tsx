// Signing out everywhere, with what that will cut and what it leaves, before it does.
import type { FC } from 'hono/jsx'
import { Confirm } from '../confirm.tsx'
import { Fill } from '../fill.tsx'
import { counted } from '../plural.ts'
import { texts } from '../texts.ts'
import { type AccountSession, grouped } from './account-session.ts'

interface EverywhereProps {
  readonly csrfToken: string
  readonly sessions: readonly AccountSession[]
}

export const Everywhere: FC<EverywhereProps> = ({ csrfToken, sessions }) => {
  const words = texts.everywhere
  const own = sessions.filter(session => session.kind === 'first_party')
  const devices = grouped(own, session => session.deviceKey).length
  const apps = grouped(
    sessions.filter(session => session.kind === 'third_party'),
    session => session.clientId,
  ).length
  const cut = {
    sessions: counted(words.sessions, own.length),
    devices: counted(words.devices, devices),
  }
  return (
    <section class="everywhere" aria-labelledby="everywhere">
      <h2 id="everywhere">{words.title}</h2>
      <p class="hint">{words.lead}</p>
      <Confirm
        id="everywhere-question"
        action="/account/sessions/end-all"
        csrfToken={csrfToken}
        hidden={{ client_id: '*' }}
        label={words.title}
        cancel={texts.account.cancel}
        question={
          <>
            <Fill text={words.cut} values={cut} /> {apps > 0 && counted(words.apps, apps)}
          </>
        }
        submit={words.submit}
      >
        {apps > 0 && (
          <p class="choice">
            <input type="checkbox" id="include-apps" name="include_apps" value="on" />
            <label for="include-apps">{counted(words.includeApps, apps)}</label>
          </p>
        )}
      </Confirm>
    </section>
  )
}
