// Takes the token out of the address bar and the history (BCP 4.2.4). The form has it already. It sends nothing.

const url = new URL(location.href)
if (url.searchParams.has('token')) {
  url.searchParams.delete('token')
  history.replaceState(history.state, '', url.pathname + url.search)
}
