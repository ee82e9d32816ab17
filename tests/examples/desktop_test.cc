// The window of examples/desktop, used as a person uses it, while a timer of the interface ticks
// on.
//
//   desktop_test MODEL ENDLESS_MODEL SCREENSHOT
//
// Each model has a window of its own. desktop.cc is compiled into this program with its main as
// desktop_main.
#include <gtk/gtk.h>

#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string>
#include <vector>

int desktop_main(int argc, char** argv);

namespace {

int failures = 0;

void expect(bool holds, const std::string& what) {
  std::printf("%s: %s\n", holds ? "ok" : "FAILED", what.c_str());
  std::fflush(stdout);
  failures += holds ? 0 : 1;
}

/// The first widget of a type in the tree below `widget`.
GtkWidget* find(GtkWidget* widget, GType type, const char* css_class = nullptr) {
  const bool right_class = css_class == nullptr || gtk_widget_has_css_class(widget, css_class);
  if (G_TYPE_CHECK_INSTANCE_TYPE(widget, type) && right_class) return widget;
  for (GtkWidget* child = gtk_widget_get_first_child(widget); child != nullptr;
       child = gtk_widget_get_next_sibling(child)) {
    if (GtkWidget* found = find(child, type, css_class)) return found;
  }
  return nullptr;
}

/// What the person at the window sees and does.
class Window {
 public:
  explicit Window(GtkWidget* window)
      : window_(window),
        entry_(find(window, GTK_TYPE_ENTRY)),
        button_(gtk_widget_get_next_sibling(entry_)),
        line_(find(window, GTK_TYPE_LABEL, "dim-label")),
        view_(find(window, GTK_TYPE_TEXT_VIEW)) {}

  std::string text() const {
    GtkTextIter begin, end;
    GtkTextBuffer* buffer = gtk_text_view_get_buffer(GTK_TEXT_VIEW(view_));
    gtk_text_buffer_get_bounds(buffer, &begin, &end);
    char* all = gtk_text_buffer_get_text(buffer, &begin, &end, FALSE);
    const std::string copy = all;
    g_free(all);
    return copy;
  }
  std::string line() const { return gtk_label_get_text(GTK_LABEL(line_)); }
  bool busy() const { return std::strcmp(gtk_button_get_label(GTK_BUTTON(button_)), "Stop") == 0; }
  void send(const char* question) const {
    gtk_editable_set_text(GTK_EDITABLE(entry_), question);
    g_signal_emit_by_name(entry_, "activate");  // Enter
  }
  void press_button() const { g_signal_emit_by_name(button_, "clicked"); }
  void close() const { gtk_window_close(GTK_WINDOW(window_)); }

 private:
  GtkWidget *window_, *entry_, *button_, *line_, *view_;
};

/// What is done with one window, a step at each tick. A step returns true when the next one is due.
struct Visit {
  std::vector<bool (*)(Visit&, const Window&)> steps;
  std::string screenshot;
  size_t step = 0, length = 0;
  int ticks = 0, growths = 0;
  gint64 last_tick = 0, longest_gap = 0, since = 0;  // microseconds
};

void begin_watching(Visit& visit, const Window& window) {
  visit.length = window.text().size();
  visit.ticks = visit.growths = 0;
  visit.longest_gap = 0;
  visit.since = g_get_monotonic_time();
}

void watch(Visit& visit, const Window& window) {
  ++visit.ticks;
  const size_t length = window.text().size();
  if (length > visit.length) ++visit.growths;
  visit.length = length;
}

gboolean on_tick(gpointer user) {
  Visit& visit = *static_cast<Visit*>(user);
  const gint64 now = g_get_monotonic_time();
  if (visit.last_tick != 0) visit.longest_gap = MAX(visit.longest_gap, now - visit.last_tick);
  visit.last_tick = now;
  GListModel* windows = gtk_window_get_toplevels();
  if (g_list_model_get_n_items(windows) == 0) return G_SOURCE_CONTINUE;
  auto* widget = static_cast<GtkWidget*>(g_list_model_get_item(windows, 0));
  const Window window(widget);
  if (visit.steps[visit.step](visit, window)) ++visit.step;
  const bool over = visit.step == visit.steps.size();
  if (over) window.close();
  g_object_unref(widget);
  return over ? G_SOURCE_REMOVE : G_SOURCE_CONTINUE;
}

bool wait_until_ready(Visit& visit, const Window& window) {
  if (window.busy()) return false;
  expect(window.line().starts_with("Ready: "), "the model is loaded: " + window.line());
  begin_watching(visit, window);
  return true;
}

bool take_screenshot(Visit& visit, const Window&) {
  if (++visit.ticks < 100) return false;  // half a second: the last text is painted
  const std::string command = "import -window root '" + visit.screenshot + "'";
  expect(std::system(command.c_str()) == 0, "screenshot " + visit.screenshot);
  return true;
}

const std::vector<bool (*)(Visit&, const Window&)> kConversation = {
    wait_until_ready,
    [](Visit&, const Window& window) {
      window.send("What is 47 + 38?");
      return true;
    },
    [](Visit&, const Window& window) {
      if (window.busy()) return false;
      expect(window.text().find("What is 47 + 38?\n") != std::string::npos,
             "the question is shown");
      expect(window.text().find("Answer: 85") != std::string::npos, "the answer is right");
      expect(window.line().ends_with("tokens a second"), "the rate is shown: " + window.line());
      window.send("Anna has a red ball. She put it in the garden. Where is the ball?");
      return true;
    },
    [](Visit& visit, const Window& window) {
      if (window.busy()) return false;
      expect(window.text().find("Where is the ball?\n") != std::string::npos,
             "the second question");
      expect(window.text().find("garden", window.text().find("ball?\n")) != std::string::npos,
             "and its answer");
      window.send("");
      expect(!window.busy(), "an empty question is none");
      window.send("Tom has 12 apples and gives 5 to Mia. How many are left?");
      visit.ticks = 0;
      return true;
    },
    [](Visit&, const Window& window) { return !window.busy(); },
    take_screenshot,
};

const std::vector<bool (*)(Visit&, const Window&)> kEndless = {
    wait_until_ready,
    [](Visit& visit, const Window& window) {
      window.send("Hello again");
      begin_watching(visit, window);
      return true;
    },
    [](Visit& visit, const Window& window) {
      watch(visit, window);
      if (visit.growths < 5 && window.busy()) return false;
      std::printf("%d ticks while the answer grew %d times, longest gap %.1f ms\n", visit.ticks,
                  visit.growths, static_cast<double>(visit.longest_gap) * 1e-3);
      expect(window.busy() && visit.growths >= 5, "the answer is seen growing");
      expect(visit.longest_gap < 5'000'000, "the interface ticks on meanwhile");
      window.press_button();
      visit.since = g_get_monotonic_time();
      return true;
    },
    [](Visit& visit, const Window& window) {
      const gint64 waited = g_get_monotonic_time() - visit.since;
      if (window.busy() && waited < 5'000'000) return false;
      std::printf("stopped after %.1f ms\n", static_cast<double>(waited) * 1e-3);
      expect(window.line().starts_with("Stopped. "), "it stops: " + window.line());
      window.send("Hello again");
      expect(window.text().rfind("Hello again\n") > 0, "it can be asked again");
      begin_watching(visit, window);
      return true;
    },
    [](Visit& visit, const Window& window) {  // and closed in the middle of an answer
      watch(visit, window);
      return visit.growths >= 3 || !window.busy();
    },
};

const std::vector<bool (*)(Visit&, const Window&)> kNoModel = {
    [](Visit&, const Window& window) {
      if (window.busy()) return false;
      expect(window.line().find("/nowhere") != std::string::npos, "an error: " + window.line());
      window.send("Hello");
      expect(!window.busy() && window.text().empty(), "without a model nothing is asked");
      return true;
    },
};

void visit_window(Visit visit, std::string model) {
  char name[] = "phi-desktop";
  char* arguments[] = {name, model.data(), nullptr};
  const guint timer = g_timeout_add(5, on_tick, &visit);
  expect(desktop_main(2, arguments) == 0, "the program ends well");
  expect(visit.step == visit.steps.size(), "all steps were taken");
  if (visit.step < visit.steps.size()) g_source_remove(timer);
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 4) return 2;
  visit_window({.steps = kConversation, .screenshot = argv[3]}, argv[1]);
  visit_window({.steps = kEndless, .screenshot = ""}, argv[2]);
  visit_window({.steps = kNoModel, .screenshot = ""}, "/nowhere");
  return failures == 0 ? 0 : 1;
}
