/** @file Vue with Element Plus. */

import { createApp, reactive, watchEffect } from "vue";
import ElementPlus, { ElMessage } from "element-plus";
import "element-plus/dist/index.css";

const app = reactive({
  fruit: "",
  many: [],
  date: "",
  switched: false,
  volume: 10,
  count: 1,
  node: "",
  menu: "",
  tab: "a",
  tabs: ["Alpha", "Beta", "Gamma"],
  city: "",
  theme: "",
  saved: "",
  edited: "",
  confirmed: false,
  place: [],
  toast: false,
  checks: [],
  panel: [],
  radio: "",
  time: "",
});
watchEffect(() => (window.app = JSON.parse(JSON.stringify(app))));

const template = `
<el-select v-model="app.fruit" placeholder="Fruit" aria-label="Fruit" style="width:180px"><el-option v-for="f in ['Apple','Banana','Cherry']" :key="f" :label="f" :value="f" /></el-select>
<el-select v-model="app.many" multiple placeholder="Sizes" aria-label="Sizes" style="width:220px"><el-option v-for="f in ['S','M','L']" :key="f" :label="f" :value="f" /></el-select>
<el-date-picker v-model="app.date" type="date" placeholder="Day" value-format="YYYY-MM-DD" :default-value="new Date(2026, 2, 1)" />
<el-switch v-model="app.switched" active-text="Newsletter" />
<div style="width:200px"><el-slider v-model="app.volume" aria-label="Volume" /></div>
<el-input-number v-model="app.count" :min="1" :max="9" aria-label="Count" />
<el-checkbox-group v-model="app.checks"><el-checkbox label="Cheese" value="Cheese" /><el-checkbox label="Olives" value="Olives" /></el-checkbox-group>
<el-radio-group v-model="app.radio"><el-radio-button label="Day" value="day" /><el-radio-button label="Week" value="week" /></el-radio-group>
<el-autocomplete v-model="app.city" :fetch-suggestions="cities" placeholder="City" />
<el-cascader v-model="app.place" :options="places" placeholder="Place" />
<el-dropdown @command="c => app.menu = c"><span style="padding:4px">More</span><template #dropdown><el-dropdown-menu><el-dropdown-item command="copy">Copy</el-dropdown-item><el-dropdown-item command="move">Move</el-dropdown-item></el-dropdown-menu></template></el-dropdown>
<el-tree :data="tree" @node-click="n => app.node = n.label" />
<el-tabs v-model="app.tab" type="card" closable @tab-remove="t => app.tabs = app.tabs.filter(x => x !== t)"><el-tab-pane v-for="t in app.tabs" :key="t" :label="t" :name="t">Page {{ t }}</el-tab-pane></el-tabs>
<el-collapse v-model="app.panel"><el-collapse-item title="Terms" name="terms">Returned within 30 days.</el-collapse-item></el-collapse>
<el-table :data="rows"><el-table-column prop="name" label="Name" /><el-table-column label="Actions"><template #default="{ row }"><el-button size="small" @click="app.edited = row.name">Edit</el-button></template></el-table-column></el-table>
<el-button @click="open = true">Settings</el-button>
<el-dialog v-model="open" title="Settings"><el-select v-model="app.theme" placeholder="Theme" aria-label="Theme"><el-option label="Light" value="light" /><el-option label="Dark" value="dark" /></el-select><el-button @click="app.saved = app.theme; open = false">Save</el-button></el-dialog>
<el-popconfirm title="Really delete?" @confirm="app.confirmed = true"><template #reference><el-button>Delete</el-button></template></el-popconfirm>
<el-button @click="toast">Notify</el-button>`;

createApp({
  template,
  data: () => ({
    app,
    open: false,
    rows: [{ name: "Ann" }, { name: "Bob" }],
    tree: [
      { label: "Animals", children: [{ label: "Cats" }, { label: "Dogs", children: [{ label: "Poodle" }] }] },
      { label: "Plants" },
    ],
    places: [
      {
        value: "fr",
        label: "France",
        children: [
          { value: "paris", label: "Paris" },
          { value: "lyon", label: "Lyon" },
        ],
      },
      { value: "it", label: "Italy", children: [{ value: "rome", label: "Rome" }] },
    ],
  }),
  methods: {
    cities: (query, done) =>
      setTimeout(
        () =>
          done(
            ["Lima", "Lisbon", "London"]
              .filter((c) => c.toLowerCase().startsWith(query.toLowerCase()))
              .map((value) => ({ value })),
          ),
        200,
      ),
    toast: () =>
      ElMessage({ message: "Sent to all", showClose: true, duration: 0, onClose: () => (app.toast = true) }),
  },
})
  .use(ElementPlus)
  .mount("#root");
