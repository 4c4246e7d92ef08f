/** Answers every caller, tokens unread. */
export function GET(): Response {
  return Response.json({ status: 'up' })
}
