package peers;

import java.io.BufferedReader;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.stream.Collectors;

/** A contender's side of the conversation with the bench: see compare/contender.mjs. */
public final class Serve {
  /** One iteration: its time, and its answer as JSON (asked for outside of the measured time, once a turn). */
  public interface Iteration { double run() throws Exception; }
  public interface Answer { String json() throws Exception; }

  private static final Map<String, String> TASK = new HashMap<>();

  public static void task(String[] words) {
    for (String word : words) { int at = word.indexOf('='); TASK.put(word.substring(0, at), word.substring(at + 1)); }
  }
  public static String word(String name) {
    String value = TASK.get(name);
    if (value == null) throw new IllegalArgumentException("no " + name + "= in the command line");
    return value;
  }
  public static String word(String name, String otherwise) { return TASK.getOrDefault(name, otherwise); }
  public static int number(String name) { return Integer.parseInt(word(name)); }

  /** Serves turns until the input ends. `more` is further JSON members of each answer, or nothing. */
  public static void serve(Iteration iteration, Answer answer, Answer more) throws Exception {
    BufferedReader in = new BufferedReader(new InputStreamReader(System.in));
    for (String line; (line = in.readLine()) != null; ) {
      int iterations = Integer.parseInt(line.split(" ")[1]);
      List<String> ms = new ArrayList<>();
      for (int i = 0; i < iterations; i++) ms.add(String.format(Locale.ROOT, "%.3f", iteration.run()));
      System.out.println("@{\"ms\":[" + String.join(",", ms) + "],\"answer\":" + answer.json() + more.json() + "}");
      System.out.flush();
    }
    System.exit(0);
  }
  public static void serve(Iteration iteration, Answer answer) throws Exception { serve(iteration, answer, () -> ""); }

  public static double millis(long begunNanos) { return (System.nanoTime() - begunNanos) / 1e6; }

  /** See digest.mjs. */
  public static String digest(Iterable<Map.Entry<String, Long>> pairs) {
    long keys = 0, total = 0; int hash = 0;
    for (Map.Entry<String, Long> pair : pairs) {
      int h = 0x811c9dc5;
      for (byte b : pair.getKey().getBytes(StandardCharsets.UTF_8)) h = (h ^ (b & 0xff)) * 0x01000193;
      keys++; total += pair.getValue(); hash += h * (int) (long) pair.getValue();
    }
    return "{\"keys\":" + keys + ",\"total\":" + total + ",\"hash\":" + Integer.toUnsignedLong(hash) + "}";
  }
  public static String total(long total) { return "{\"total\":" + total + "}"; }
}
