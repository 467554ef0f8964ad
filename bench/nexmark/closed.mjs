/*
 * Closed auctions with their highest bid: the input of queries 4 and 6. An auction closes in the first
 * batch whose time is past its end.
 */

/** A stream of `{ id, category, seller, expires, price }`, each once. */
export function closedAuctions(events) {
  const follow = (time, _id, values, state) => {
    if (state?.closed) return undefined
    // Most open auctions have no event in a batch.
    if (state !== undefined && values.length === 0 && state.expires >= time) return state
    let auction = state
    for (const event of values) {
      if (event.kind !== 'auction') continue
      auction = { id: event.id, category: event.category, seller: event.seller, expires: event.expires, price: 0 }
    }
    // A bid on an auction that is unknown or closed.
    if (auction === undefined) return undefined
    let price = auction.price
    for (const event of values)
      if (event.kind === 'bid' && event.time <= auction.expires) price = Math.max(price, event.price)
    return { ...auction, price, closed: auction.expires < time }
  }
  return events
    .filter((event) => event.kind !== 'person')
    .map((event) => [event.kind === 'auction' ? event.id : event.auction, event])
    .updateStateByKey(follow, { form: 'time' })
    .filter(([, auction]) => auction.closed && auction.price > 0)
    .map(([, auction]) => auction)
}

/** The same by hand: the closed auctions of each batch. */
export function plainClosedAuctions() {
  const open = new Map()
  return (events, time) => {
    for (const event of events) {
      if (event.kind === 'auction') {
        const { id, category, seller, expires } = event
        open.set(id, { id, category, seller, expires, price: 0 })
      } else if (event.kind === 'bid') {
        const auction = open.get(event.auction)
        if (auction && event.time <= auction.expires) auction.price = Math.max(auction.price, event.price)
      }
    }
    const closed = [...open.values()].filter(({ expires }) => expires < time)
    for (const { id } of closed) open.delete(id)
    return closed.filter(({ price }) => price > 0)
  }
}
