/** @file Rich text: ProseMirror by Tiptap, and Quill. */

import { Editor } from "@tiptap/core";
import StarterKit from "@tiptap/starter-kit";
import Quill from "quill";
import "quill/dist/quill.snow.css";

window.app = {};
document.getElementById("root").innerHTML =
  `<h2>Letter</h2><button id=bold>Bold</button> <button id=bullets>Bullet list</button><div id=letter style="border:1px solid"></div>
<h2>Comment</h2><div id=comment></div><h2>Memo</h2><textarea id=memo rows=3>First line
Second line</textarea>`;
const letter = new Editor({
  element: document.getElementById("letter"),
  extensions: [StarterKit],
  content: "<p>Dear Ann,</p><p>The parcel has arrived.</p>",
  editorProps: { attributes: { "aria-label": "Letter", role: "textbox" } },
  onUpdate: ({ editor }) => (window.app.letter = editor.getHTML()),
});
window.app.letter = letter.getHTML();
document.getElementById("bold").onclick = () => letter.chain().focus().toggleBold().run();
document.getElementById("bullets").onclick = () => letter.chain().focus().toggleBulletList().run();
const quill = new Quill("#comment", { theme: "snow", placeholder: "Write a comment" });
quill.on("text-change", () => (window.app.comment = quill.getSemanticHTML()));
document.getElementById("memo").oninput = (e) => (window.app.memo = e.target.value);
