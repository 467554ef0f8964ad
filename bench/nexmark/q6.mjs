import { closedAuctions, plainClosedAuctions } from './closed.mjs'

/** The average price of the last ten auctions that each seller has closed. */
export function stream(events) {
  const keepTen = (closed, prices = []) => {
    if (closed.length === 0) return prices
    const inOrder = [...closed].sort((a, b) => a.expires - b.expires || a.id - b.id)
    return [...prices, ...inOrder.map(({ price }) => price)].slice(-10)
  }
  closedAuctions(events)
    .map((auction) => [auction.seller, auction])
    .updateStateByKey(keepTen)
    .map(([seller, prices]) => [seller, Math.floor(prices.reduce((a, b) => a + b, 0) / prices.length)])
    .output('result')
}

export function plain() {
  const closed = plainClosedAuctions()
  const sellers = new Map()
  return (events, time) => {
    const inOrder = closed(events, time).sort((a, b) => a.expires - b.expires || a.id - b.id)
    for (const { seller, price } of inOrder) sellers.set(seller, [...(sellers.get(seller) ?? []), price].slice(-10))
    return [...sellers].map(([seller, prices]) => [
      seller,
      Math.floor(prices.reduce((a, b) => a + b, 0) / prices.length),
    ])
  }
}
