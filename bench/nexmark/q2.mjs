/** Selection: the bids on certain auctions. */
export const stream = (events) =>
  events
    .filter((event) => event.kind === 'bid' && event.auction % 123 === 0)
    .map((bid) => [bid.auction, bid.price])
    .output('result')

export const plain = () => (events) =>
  events
    .filter(({ kind, auction }) => kind === 'bid' && auction % 123 === 0)
    .map(({ auction, price }) => [auction, price])
