// The Authorization header of those who have a token, or a client's secret.

export const bearer = (token: unknown) => ({ authorization: `Bearer ${token}` })

export const basic = (id: string, secret: string) => ({
  authorization: `Basic ${Buffer.from(`${id}:${secret}`).toString('base64')}`,
})
