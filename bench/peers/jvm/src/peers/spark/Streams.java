package peers.spark;

import java.util.*;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.stream.*;
import org.apache.spark.HashPartitioner;
import org.apache.spark.SparkConf;
import org.apache.spark.api.java.*;
import org.apache.spark.api.java.Optional;
import org.apache.spark.api.java.function.*;
import org.apache.spark.rdd.RDD;
import org.apache.spark.streaming.*;
import org.apache.spark.streaming.api.java.*;
import org.apache.spark.streaming.scheduler.*;
import org.apache.spark.util.ManualClock;
import peers.Serve;
import scala.Tuple2;
import scala.reflect.ClassTag;

/**
 * DStreams over batches that are cached in memory beforehand, or with variant=file are read from the page cache. The
 * clock is moved by hand, so that nothing runs while others have their turn. The time of a batch is that of its output's
 * job, as in Spark's own processing delay (which would read the hand-moved clock). An iteration is one batch, or each=N
 * of them, of which the last has the output.
 */
final class Streams {
  private static final long INTERVAL = 1000;
  private static final BlockingQueue<Object> COMPLETED = new LinkedBlockingQueue<>();
  /** Scala's own: the queue that the Java API is handed is copied once, and what is added later never seen. */
  private static final scala.collection.mutable.Queue<RDD<String>> QUEUE = new scala.collection.mutable.Queue<>(16);
  private static volatile double took;
  private static List<? extends Tuple2<?, Long>> pairs;
  private static long total;
  private static String answered = "null";
  private static int number;

  static void serve() throws Exception {
    int threads = Serve.number("threads");
    String workload = Serve.word("workload");
    SparkConf conf = SparkPeer.conf(threads).set("spark.streaming.clock", "org.apache.spark.util.ManualClock");
    JavaSparkContext context = new JavaSparkContext(conf);
    context.setCheckpointDir(Serve.word("scratch") + "/checkpoint");
    List<JavaRDD<String>> batches = batches(context, threads);
    JavaStreamingContext ssc = new JavaStreamingContext(context, Durations.milliseconds(INTERVAL));
    ClassTag<String> text = ClassTag.apply(String.class);
    var input = ssc.ssc().queueStream(QUEUE, true, context.sc().emptyRDD(text), text);
    define(workload, ssc, JavaDStream.fromDStream(input, text), context, threads);
    ssc.addStreamingListener(new Completed());
    ssc.start();
    ManualClock clock = (ManualClock) ssc.ssc().scheduler().clock();
    int each = Integer.parseInt(Serve.word("each", "1")), answerAt = Integer.parseInt(Serve.word("answerAt", "0"));
    boolean isTotal = workload.equals("grep") || workload.startsWith("state-");
    Serve.Answer answer = () -> isTotal ? Serve.total(total) : Serve.digest(entries());
    Serve.serve(() -> {
      for (int i = 0; i < each; i++) {
        // A child of the cached RDD: streaming unpersists what it was handed after the batch.
        RDD<String> batch = batches.get(number++ % batches.size()).mapPartitions(lines -> lines, true).rdd();
        synchronized (QUEUE) { QUEUE.enqueue(batch); }
        clock.advance(INTERVAL);
      }
      // A batch without a job is not reported as completed.
      if (COMPLETED.take() instanceof Exception e) throw e;
      if (number == answerAt) answered = answer.json();
      return took;
    }, () -> answerAt > 0 ? answered : answer.json());
  }

  /** From text files: sc.parallelize would send its data along with every task. */
  private static List<JavaRDD<String>> batches(JavaSparkContext context, int parts) {
    String pieces = Serve.word("pieces", null);
    List<JavaRDD<String>> batches = new ArrayList<>();
    if (pieces == null) batches.add(context.textFile(Serve.word("file"), parts));
    else for (int i = 0; i < Serve.number("count"); i++) batches.add(context.textFile(String.format("%s/%03d.txt", pieces, i), parts));
    if (Serve.word("variant", "").equals("file")) return batches;
    for (JavaRDD<String> batch : batches) batch.cache();
    // In one job: each has a cost of its own.
    context.union(batches.toArray(new JavaRDD[0])).count();
    return batches;
  }

  private static final class Completed implements StreamingListener {
    @Override public void onBatchCompleted(StreamingListenerBatchCompleted event) {
      for (var info : scala.jdk.javaapi.CollectionConverters.asJava(event.batchInfo().outputOperationInfos()).values())
        if (info.failureReason().isDefined()) { COMPLETED.add(new Exception(info.failureReason().get())); return; }
      COMPLETED.add("done");
    }
  }

  private static JavaDStream<String> words(JavaDStream<String> lines) {
    return lines.flatMap(line -> Arrays.asList(line.split(" ")).iterator());
  }
  private static JavaPairDStream<String, Long> ones(JavaDStream<String> keys) { return keys.mapToPair(key -> new Tuple2<>(key, 1L)); }

  private static void define(String workload, JavaStreamingContext ssc, JavaDStream<String> in, JavaSparkContext context, int parts) {
    Duration length = Durations.seconds(30), slide = Durations.milliseconds(INTERVAL);
    switch (workload) {
      case "wordcount": output(ones(words(in)).reduceByKey(Long::sum), JavaPairRDD::collect); break;
      case "grep": {
        String word = Serve.word("word");
        in.filter(line -> line.contains(word)).count().foreachRDD(rdd -> timed(() -> { total = 0; for (Long n : rdd.collect()) total += n; }));
        break;
      }
      case "windows": ssc.checkpoint(Serve.word("scratch") + "/checkpoint"); output(words(in).countByValueAndWindow(length, slide), JavaPairRDD::collect); break;
      case "topk": ssc.checkpoint(Serve.word("scratch") + "/checkpoint"); output(words(in).countByValueAndWindow(length, slide), rdd -> rdd.top(10, new ByCount())); break;
      case "state-update": {
        ssc.checkpoint(Serve.word("scratch") + "/checkpoint");
        Function2<List<Long>, Optional<Long>, Optional<Long>> count = (values, old) -> { long sum = old.orElse(0L); for (Long value : values) sum += value; return Optional.of(sum); };
        ones(in).updateStateByKey(count, new HashPartitioner(parts), keys(context, parts)).foreachRDD(rdd -> timed(() -> total = rdd.values().reduce(Long::sum)));
        break;
      }
      case "state-map": {
        ssc.checkpoint(Serve.word("scratch") + "/checkpoint");
        Function3<String, Optional<Long>, State<Long>, Long> count = (key, value, state) -> { long sum = (state.exists() ? state.get() : 0L) + value.orElse(0L); state.update(sum); return sum; };
        ones(in).mapWithState(StateSpec.function(count).initialState(keys(context, parts)).numPartitions(parts)).foreachRDD(rdd -> timed(() -> total = rdd.reduce(Long::sum)));
        break;
      }
      case "join": {
        JavaPairRDD<String, String> users = context.textFile(Serve.word("users"), parts).mapToPair(line -> { String[] cells = line.split(","); return new Tuple2<>(cells[0], cells[1]); }).partitionBy(new HashPartitioner(parts)).cache();
        users.count();
        JavaPairDStream<String, Long> orders = in.mapToPair(line -> { String[] cells = line.split(","); return new Tuple2<>(cells[0], Long.parseLong(cells[1])); });
        output(orders.transformToPair(rdd -> rdd.join(users)).mapToPair(pair -> new Tuple2<>(pair._2._2, pair._2._1)).reduceByKey(Long::sum), JavaPairRDD::collect);
        break;
      }
      case "nexmark": {
        ssc.checkpoint(Serve.word("scratch") + "/checkpoint");
        Nexmark.define(Serve.word("query"), in, parts, new Nexmark.Sink() {
          @Override public <K> void take(JavaDStream<Tuple2<K, Long>> stream) { stream.foreachRDD(rdd -> timed(() -> pairs = rdd.collect())); }
        });
        break;
      }
      default: throw new IllegalArgumentException(workload);
    }
  }

  private static JavaPairRDD<String, Long> keys(JavaSparkContext context, int parts) {
    return context.parallelize(IntStream.range(0, Serve.number("keys")).boxed().collect(Collectors.toList()), parts).mapToPair(key -> new Tuple2<>(Integer.toString(key), 0L));
  }

  interface Job { void run(); }
  private static void timed(Job job) {
    long begun = System.nanoTime();
    job.run();
    took = Serve.millis(begun);
  }
  /** Serializable, since checkpoints write the graph with all its functions. */
  interface Take extends java.io.Serializable { List<Tuple2<String, Long>> from(JavaPairRDD<String, Long> rdd); }
  private static void output(JavaPairDStream<String, Long> stream, Take take) {
    stream.foreachRDD(rdd -> timed(() -> pairs = take.from(rdd)));
  }

  static final class ByCount implements Comparator<Tuple2<String, Long>>, java.io.Serializable {
    @Override public int compare(Tuple2<String, Long> a, Tuple2<String, Long> b) {
      int byCount = Long.compare(a._2, b._2);
      return byCount != 0 ? byCount : b._1.compareTo(a._1);
    }
  }

  private static List<Map.Entry<String, Long>> entries() {
    return pairs.stream().map(p -> new AbstractMap.SimpleEntry<>(String.valueOf(p._1), p._2)).collect(Collectors.toList());
  }
}
