/** @file A date picker of React (MUI X), what only React knows to be clicked, and a rich text editor (Lexical). */

import { AdapterDayjs } from "@mui/x-date-pickers/AdapterDayjs";
import { DatePicker } from "@mui/x-date-pickers/DatePicker";
import { LocalizationProvider } from "@mui/x-date-pickers/LocalizationProvider";
import { TimePicker } from "@mui/x-date-pickers/TimePicker";
import { createEmptyHistoryState, registerHistory } from "@lexical/history";
import { registerRichText } from "@lexical/rich-text";
import dayjs from "dayjs";
import {
  $createParagraphNode,
  $createTextNode,
  $getRoot,
  $getSelection,
  createEditor,
  FORMAT_TEXT_COMMAND,
} from "lexical";
import { createRoot } from "react-dom/client";

const app = (window.app = {});

function Dates() {
  return (
    <LocalizationProvider dateAdapter={AdapterDayjs}>
      <DatePicker
        label="Arrival"
        defaultValue={dayjs("2026-03-05")}
        onChange={(day) => (app.arrival = day?.isValid() ? day.format("YYYY-MM-DD") : "")}
      />
      <span onClick={() => (app.tag = "Red")}>Red</span>{" "}
      <span onClick={() => (app.tag = "Green")}>Green</span>
      <TimePicker
        label="At"
        ampm={false}
        onChange={(time) => (app.time = time?.isValid() ? time.format("HH:mm") : "")}
      />
    </LocalizationProvider>
  );
}

document.getElementById("root").innerHTML =
  `<div id=dates></div><button id=bold>Bold</button><div id=letter contenteditable role=textbox aria-label=Letter style="border:1px solid;min-height:60px"></div>`;
createRoot(document.getElementById("dates")).render(<Dates />);

const editor = createEditor({
  namespace: "letter",
  theme: { text: { bold: "bold" } },
  onError: (error) => (app.error = String(error)),
});
editor.setRootElement(document.getElementById("letter"));
registerRichText(editor);
registerHistory(editor, createEmptyHistoryState(), 300);
editor.registerUpdateListener(({ editorState }) =>
  editorState.read(() => {
    app.letter = $getRoot().getTextContent();
    app.bold = $getRoot()
      .getAllTextNodes()
      .filter((node) => node.hasFormat("bold"))
      .map((node) => node.getTextContent());
  }),
);
editor.update(() => {
  for (const line of ["Dear Ann,", "The parcel has arrived."])
    $getRoot().append($createParagraphNode().append($createTextNode(line)));
});
document.getElementById("bold").onmousedown = (event) => event.preventDefault();
document.getElementById("bold").onclick = () => {
  if (editor.read(() => $getSelection())) editor.dispatchCommand(FORMAT_TEXT_COMMAND, "bold");
};
