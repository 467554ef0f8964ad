package peers.spark;

import com.fasterxml.jackson.annotation.JsonIgnoreProperties;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.Serializable;
import java.util.*;
import org.apache.spark.HashPartitioner;
import org.apache.spark.api.java.Optional;
import org.apache.spark.api.java.function.*;
import org.apache.spark.streaming.*;
import org.apache.spark.streaming.api.java.*;
import org.apache.spark.streaming.dstream.PairDStreamFunctions;
import scala.Option;
import scala.Tuple2;
import scala.math.Ordering;
import scala.reflect.ClassTag;

/** The Nexmark queries over DStreams of JSON lines: the same as in bench/nexmark, where each is described. */
final class Nexmark {
  private static final ObjectMapper JSON = new ObjectMapper();
  private static final Set<String> STATES = Set.of("OR", "ID", "CA");
  private static final Duration SECOND = Durations.seconds(1), FIVE = Durations.seconds(5), TEN = Durations.seconds(10);

  /** A person, an auction or a bid: what it is not has fields of 0 and null. */
  @JsonIgnoreProperties(ignoreUnknown = true)
  public static final class Event implements Serializable {
    public String kind, name, city, state;
    public long id, seller, category, expires, auction, price, time;
    boolean is(String other) { return kind.equals(other); }
  }

  /** Takes what a batch has as its result: pairs of a key, whose text counts, and a number. */
  interface Sink extends Serializable { <K> void take(JavaDStream<Tuple2<K, Long>> stream); }

  static void define(String query, JavaDStream<String> lines, int parts, Sink sink) {
    JavaDStream<Event> events = lines.map(line -> JSON.readValue(line, Event.class));
    switch (query) {
      case "q0": sink.take(events.count().map(count -> pair("events", count))); break;
      case "q1": sink.take(bids(events).map(bid -> pair(bid.auction, (long) Math.floor(bid.price * 0.908)))); break;
      case "q2": sink.take(events.filter(event -> event.is("bid") && event.auction % 123 == 0).map(bid -> pair(bid.auction, bid.price))); break;
      case "q3": sink.take(localItems(events, parts)); break;
      case "q4": sink.take(categories(closed(events, parts), parts)); break;
      case "q5": sink.take(bids(events).map(bid -> bid.auction).countByValueAndWindow(TEN, SECOND, parts).toJavaDStream().reduce((a, b) -> first(a, b) ? a : b)); break;
      case "q6": sink.take(sellers(closed(events, parts), parts)); break;
      case "q7": sink.take(bids(events).map(bid -> pair(bid.auction, bid.price)).reduceByWindow((a, b) -> first(a, b) ? a : b, FIVE, FIVE)); break;
      case "q8": sink.take(newUsers(events)); break;
      default: throw new IllegalArgumentException(query);
    }
  }

  private static <K> Tuple2<K, Long> pair(K key, long number) { return new Tuple2<>(key, number); }
  private static JavaDStream<Event> bids(JavaDStream<Event> events) { return events.filter(event -> event.is("bid")); }
  /** The greater number comes first; of equal ones, the smaller key. */
  private static boolean first(Tuple2<Long, Long> a, Tuple2<Long, Long> b) {
    return a._2 > b._2 || (a._2.equals(b._2) && a._1 < b._1);
  }

  static final class Local implements Serializable {
    Event person;
    final List<Long> auctions = new ArrayList<>();
  }

  private static JavaDStream<Tuple2<String, Long>> localItems(JavaDStream<Event> events, int parts) {
    Function3<Long, Optional<Event>, State<Local>, List<String>> match = (id, value, state) -> {
      Local local = state.exists() ? state.get() : new Local();
      Event event = value.get();
      List<Long> found = List.of(event.id);
      if (event.is("person")) { local.person = event; found = List.copyOf(local.auctions); local.auctions.clear(); }
      else if (local.person == null) { local.auctions.add(event.id); found = List.of(); }
      state.update(local);
      List<String> matches = new ArrayList<>();
      for (long auction : found) matches.add(local.person.name + ", " + local.person.city + ", " + local.person.state + ": " + auction);
      return matches;
    };
    return events.filter(event -> (event.is("person") && STATES.contains(event.state)) || (event.is("auction") && event.category == 10))
        .mapToPair(event -> new Tuple2<>(event.is("person") ? event.id : event.seller, event))
        .mapWithState(StateSpec.function(match).numPartitions(parts))
        .flatMap(List::iterator).map(line -> pair(line, 1));
  }

  static final class Auction implements Serializable {
    long id, category, seller, expires, price;
    boolean closed;
  }

  /** The function of the time, which Spark's Scala interface has and its Java interface has not. */
  interface Follow extends scala.Function4<Time, Long, scala.collection.immutable.Seq<Event>, Option<Auction>, Option<Auction>>, Serializable {}

  /** Auctions that have closed, each once, with the highest bid. */
  private static JavaDStream<Auction> closed(JavaDStream<Event> events, int parts) {
    Follow follow = (time, id, values, state) -> {
      if (state.isDefined() && state.get().closed) return Option.empty();
      if (state.isDefined() && values.isEmpty() && state.get().expires >= time.milliseconds()) return state;
      Auction auction = new Auction();
      boolean known = state.isDefined();
      if (known) { Auction old = state.get(); auction.id = old.id; auction.category = old.category; auction.seller = old.seller; auction.expires = old.expires; auction.price = old.price; }
      List<Event> all = scala.jdk.javaapi.CollectionConverters.asJava(values);
      for (Event event : all)
        if (event.is("auction")) { auction.id = event.id; auction.category = event.category; auction.seller = event.seller; auction.expires = event.expires; known = true; }
      // A bid on an auction that is not known, or no longer.
      if (!known) return Option.empty();
      for (Event event : all) if (event.is("bid") && event.time <= auction.expires) auction.price = Math.max(auction.price, event.price);
      auction.closed = auction.expires < time.milliseconds();
      return Option.apply(auction);
    };
    ClassTag<Long> key = ClassTag.apply(Long.class);
    ClassTag<Auction> auctions = ClassTag.apply(Auction.class);
    JavaPairDStream<Long, Event> byAuction = events.filter(event -> !event.is("person")).mapToPair(event -> new Tuple2<>(event.is("auction") ? event.id : event.auction, event));
    var followed = new PairDStreamFunctions<Long, Event>(byAuction.dstream(), key, ClassTag.apply(Event.class), Ordering.comparatorToOrdering(Comparator.<Long>naturalOrder()))
        .updateStateByKey(follow, new HashPartitioner(parts), true, Option.empty(), auctions);
    return JavaPairDStream.fromPairDStream(followed, key, auctions).map(entry -> entry._2).filter(auction -> auction.closed && auction.price > 0);
  }

  private static JavaDStream<Tuple2<Long, Long>> categories(JavaDStream<Auction> closed, int parts) {
    Function2<List<Long>, Optional<long[]>, Optional<long[]>> add = (prices, old) -> {
      long[] sums = old.isPresent() ? old.get().clone() : new long[2];
      for (long price : prices) { sums[0] += price; sums[1]++; }
      return Optional.of(sums);
    };
    return closed.mapToPair(auction -> new Tuple2<>(auction.category, auction.price)).updateStateByKey(add, parts)
        .toJavaDStream().map(entry -> pair(entry._1, entry._2[0] / entry._2[1]));
  }

  private static JavaDStream<Tuple2<Long, Long>> sellers(JavaDStream<Auction> closed, int parts) {
    Function2<List<Auction>, Optional<ArrayList<Long>>, Optional<ArrayList<Long>>> keepTen = (auctions, old) -> {
      if (auctions.isEmpty()) return old;
      List<Auction> inOrder = new ArrayList<>(auctions);
      inOrder.sort(Comparator.<Auction>comparingLong(auction -> auction.expires).thenComparingLong(auction -> auction.id));
      ArrayList<Long> prices = new ArrayList<>(old.or(new ArrayList<>()));
      for (Auction auction : inOrder) prices.add(auction.price);
      return Optional.of(new ArrayList<>(prices.subList(Math.max(0, prices.size() - 10), prices.size())));
    };
    return closed.mapToPair(auction -> new Tuple2<>(auction.seller, auction)).updateStateByKey(keepTen, parts)
        .toJavaDStream().map(entry -> pair(entry._1, entry._2.stream().mapToLong(price -> price).sum() / entry._2.size()));
  }

  private static JavaDStream<Tuple2<Long, Long>> newUsers(JavaDStream<Event> events) {
    JavaPairDStream<Long, String> persons = events.filter(event -> event.is("person")).mapToPair(person -> new Tuple2<>(person.id, person.name));
    JavaPairDStream<Long, Long> auctions = events.filter(event -> event.is("auction")).mapToPair(auction -> new Tuple2<>(auction.seller, 1L));
    return persons.window(FIVE, FIVE).join(auctions.reduceByKeyAndWindow(Long::sum, FIVE, FIVE)).toJavaDStream().map(entry -> pair(entry._1, entry._2._2));
  }
}
