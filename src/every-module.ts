/** What the app is entered by, in one place: levitate follows the imports of one file (scripts/compatibility.mjs). */
import './module';
import './datasource/module';
import './panel/module';
