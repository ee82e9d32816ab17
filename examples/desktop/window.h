// What the window looks like, as GtkBuilder reads it.
#ifndef PHI_EXAMPLES_WINDOW_H_
#define PHI_EXAMPLES_WINDOW_H_

inline constexpr char kWindow[] = R"(
<interface>
  <object class="GtkTextTagTable" id="tags">
    <child type="tag">
      <object class="GtkTextTag">
        <property name="name">question</property>
        <property name="weight">700</property>
        <property name="foreground">#1a5fb4</property>
      </object>
    </child>
    <child type="tag">
      <object class="GtkTextTag"><property name="name">answer</property></object>
    </child>
  </object>
  <object class="GtkTextBuffer" id="text"><property name="tag-table">tags</property></object>
  <object class="GtkApplicationWindow" id="window">
    <property name="title">phi</property>
    <property name="default-width">640</property>
    <property name="default-height">480</property>
    <property name="titlebar">
      <object class="GtkHeaderBar">
        <child type="start">
          <object class="GtkButton" id="open"><property name="label">Open</property></object>
        </child>
      </object>
    </property>
    <child>
      <object class="GtkBox">
        <property name="orientation">vertical</property>
        <child>
          <object class="GtkScrolledWindow">
            <property name="vexpand">1</property>
            <child>
              <object class="GtkTextView" id="view">
                <property name="buffer">text</property>
                <property name="editable">0</property>
                <property name="cursor-visible">0</property>
                <property name="wrap-mode">word-char</property>
                <property name="pixels-below-lines">4</property>
                <property name="left-margin">16</property>
                <property name="right-margin">16</property>
                <property name="top-margin">16</property>
                <property name="bottom-margin">16</property>
              </object>
            </child>
          </object>
        </child>
        <child>
          <object class="GtkBox">
            <property name="spacing">6</property>
            <property name="margin-start">12</property>
            <property name="margin-end">12</property>
            <property name="margin-top">12</property>
            <child>
              <object class="GtkEntry" id="entry">
                <property name="hexpand">1</property>
                <property name="placeholder-text">Ask something</property>
              </object>
            </child>
            <child>
              <object class="GtkButton" id="button"><property name="label">Send</property></object>
            </child>
          </object>
        </child>
        <child>
          <object class="GtkLabel" id="line">
            <property name="xalign">0</property>
            <property name="ellipsize">middle</property>
            <property name="margin-start">14</property>
            <property name="margin-end">14</property>
            <property name="margin-top">6</property>
            <property name="margin-bottom">8</property>
            <style><class name="dim-label"/></style>
          </object>
        </child>
      </object>
    </child>
  </object>
</interface>
)";

#endif  // PHI_EXAMPLES_WINDOW_H_
