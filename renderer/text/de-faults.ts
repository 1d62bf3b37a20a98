import type { FaultCode } from '../../contract/faults.ts';

type Sentences = { readonly what: string; readonly safe: string; readonly next: string };
const waits = 'Alles wartet hier und folgt.';
const notSent = 'Nichts wurde dorthin gesendet. Alles wartet hier.';
const unchanged = 'Nichts wurde geändert.';

/** Every named failure, in German. A code without its sentences does not compile. */
export const faultsDe: Record<FaultCode, Sentences> = {
  'agent-away': {
    what: 'Der Agent auf diesem PC antwortet nicht.',
    safe: 'Was er aufbewahrt hat, bleibt auf seiner Platte.',
    next: 'Es wird alle 3 s wieder versucht. Bleibt er fort, starten Sie Bellhop neu.',
  },
  'agent-too-old-runtime': {
    what: 'Gebraucht wird Node 24; es läuft {version}.',
    safe: 'Nichts wurde geöffnet oder geändert.',
    next: 'Starten Sie Bellhop mit dem Befehl bellhop, der den richtigen findet.',
  },
  'archive-refused': {
    what: '{host} lässt {user} übernommene Dateien nicht von {folder} nach {archive} verschieben.',
    safe: 'Sie sind gelesen und aufbewahrt und werden nicht zweimal gelesen. Sie bleiben, wo sie sind.',
    next: 'Bitten Sie den Betreiber von {host} um das Recht, in {folder} umzubenennen und in {archive} zu schreiben, oder lassen Sie die Dateien liegen.',
  },
  'archive-unsure': {
    what: '{file} auf {host} bleibt, wo sie ist: Der Server sagt nicht, wann eine Datei geschrieben wurde.',
    safe: 'Sie ist gelesen und aufbewahrt. Eine neuere von gleicher Größe wäre von ihr nicht zu unterscheiden; darum wird sie weder verschoben noch gelöscht.',
    next: 'Stellen Sie die Verbindung so ein, dass Dateien liegen bleiben.',
  },
  'backup-damaged': {
    what: 'Die Sicherung in {folder} ist beschädigt ({detail}).',
    safe: 'Nichts davon wurde verwendet. Der Datenordner ist, wie er war; andere Sicherungen sind nicht betroffen.',
    next: 'Stellen Sie eine frühere Sicherung wieder her.',
  },
  'backup-drill-failed': {
    what: 'Die Sicherung in {folder} ließ sich in der Probe nicht zurückspielen: {detail}.',
    safe: 'Die Daten dieses Hotels und frühere Sicherungen sind, wie sie waren. Diese Sicherung zählt nicht als geprüft.',
    next: 'Wählen Sie einen Ordner auf einer anderen Festplatte, und prüfen Sie die, auf der diese liegt.',
  },
  'backup-overdue': {
    what: 'Die neueste geprüfte Sicherung in {folder} ist älter als zwei Tage ({since}).',
    safe: 'Alles wird behalten und gesendet wie immer. Frühere Sicherungen sind, wie sie waren.',
    next: 'Sehen Sie unter Einstellungen nach, warum seither keine gemacht wurde, und wählen Sie Jetzt sichern.',
  },
  'backup-folder-unusable': {
    what: 'Die Sicherung kann nicht nach {folder} geschrieben werden ({detail}).',
    safe: 'Die Daten dieses Hotels und frühere Sicherungen sind, wie sie waren.',
    next: 'Wählen Sie einen Ordner auf einer anderen Platte, in den das Konto schreiben darf, unter dem Bellhop läuft.',
  },
  'backup-no-room': {
    what: 'In {folder} ist nicht genug Platz für die Sicherung.',
    safe: 'Die Daten dieses Hotels und frühere Sicherungen sind, wie sie waren. Was von dieser Sicherung geschrieben war, ist wieder entfernt.',
    next: 'Schaffen Sie dort Platz, oder wählen Sie einen anderen Ordner.',
  },
  'backup-not-found': {
    what: 'In {folder} liegt keine vollständige Sicherung.',
    safe: 'Nichts wurde geändert.',
    next: 'Nennen Sie den Ordner einer Sicherung: Er heißt wie ein Datum, und darin liegt eine Datei backup.json.',
  },
  'backup-plan-unreadable': {
    what: 'Wohin und wann gesichert wird, ist nicht zu lesen: {file} ({detail}).',
    safe: 'Die vorhandenen Sicherungen und die Daten dieses Hotels sind, wie sie waren. Bis dahin wird keine neue von selbst gemacht.',
    next: 'Stellen Sie den Ordner für Sicherungen unter Einstellungen neu ein. Ist auch die Datenbank beschädigt: bellhop restore ORDNER --replace.',
  },
  'backup-unreadable': {
    what: 'Die Sicherung in {folder} ist im Moment nicht zu lesen ({detail}).',
    safe: 'Nichts wurde verschoben oder ersetzt, und keine ältere Sicherung trat an ihre Stelle.',
    next: 'Prüfen Sie, ob ihre Festplatte oder Freigabe da ist und das Konto, unter dem Bellhop läuft, sie lesen darf, und versuchen Sie es noch einmal.',
  },
  'bytes-unaccounted': {
    what: '{file} hat {missing} Bytes, die weder Datensatz noch beiseitegelegte Zeile wurden.',
    safe: 'Die Rohdatei ist aufbewahrt, die gelesenen Datensätze bleiben.',
    next: 'Lassen Sie den Datenordner, wie er ist, und melden Sie es der Betreuung: Das ist unser Fehler.',
  },
  'certificate-differs': {
    what: '{count} Datensätze oder Zeilen der Quellen fehlen hier noch, oder sind hier anders, nachdem sie noch einmal geholt wurden: {keys}.',
    safe: 'Alles Aufbewahrte wird gesendet wie immer, und nichts wurde überschrieben. Der Nachweis dieser Nacht sagt, dass sie fehlen.',
    next: 'Öffnen Sie den Nachweis: Er nennt zu jedem die Datei oder die Tabelle. Exportieren Sie diese Datensätze noch einmal, oder ändern Sie sie im Hotelsystem.',
  },
  'check-found-damage': {
    what: 'Eine Prüfung hat im Aufbewahrten Beschädigtes gefunden, das sich nicht heilen ließ ({count}): {names}.',
    safe: 'Nichts Beschädigtes wird gesendet, und alles andere geht weiter. Was dort liegt, bleibt, wie es ist.',
    next: 'Sehen Sie die letzte Prüfung unter Überwachung an: Sie nennt die Zeilen. Exportieren Sie diese Datensätze noch einmal, und prüfen Sie die Festplatte dieses PCs.',
  },
  'clock-wrong': {
    what: 'Die Uhr dieses PCs geht {offset} falsch.',
    safe: 'Alles bleibt hier; das Ziel lehnt unsere Signatur ab, bis die Uhr stimmt.',
    next: 'Stellen Sie die Uhr dieses PCs.',
  },
  'connection-not-found': {
    what: 'Es gibt keine Verbindung {id}.',
    safe: unchanged,
    next: 'Sehen Sie in der Liste der Verbindungen nach.',
  },
  'connection-name-taken': {
    what: 'Es gibt schon eine Verbindung mit dem Namen {id}.',
    safe: unchanged,
    next: 'Wählen Sie einen anderen Namen.',
  },
  'database-damaged': {
    what: 'Die Datenbank {file} ist beschädigt.',
    safe: 'Nichts wurde hineingeschrieben. Die Rohdateien sind unberührt.',
    next: 'Beenden Sie Bellhop und starten Sie es neu: Es sieht dann die ganze Datenbank durch und setzt, wo es nötig ist, die letzte geprüfte Sicherung an ihre Stelle. Löschen Sie nichts. Bleibt die Meldung, rufen Sie die Betreuung an.',
  },
  'database-lost': {
    what: 'Die Datenbank ist beschädigt oder fehlt, und eine geprüfte Sicherung ist nicht zu haben. Ordner der Sicherungen: {folder}.',
    safe: 'Nichts wurde gelöscht. Was von der Datenbank da ist, liegt, wo es lag, oder, wenn eine Wiederherstellung begonnen hatte, im Ordner quarantine. Die Geheimnisse, der Schlüssel und die vorhandenen Kopien von Dateien bleiben, wie sie sind.',
    next: 'Löschen Sie nichts. Schließen Sie die Festplatte mit den Sicherungen an und starten Sie neu, oder spielen Sie eine von Hand zurück: bellhop restore ORDNER --replace. Ganz ohne Sicherung: Richten Sie einen neuen Datenordner ein.',
  },
  'database-restored': {
    what: 'Die Datenbank war beschädigt, bemerkt am {found}. Die Sicherung vom {made} wurde von selbst zurückgespielt.',
    safe: 'Das Beschädigte liegt in {folder}. An kein Ziel wird etwas gesendet, bis jemand es weitergehen lässt; die Quellen werden weiter gelesen. Was seit der Sicherung hereinkam, wird noch einmal gelesen: Dateien aus ihren versiegelten Kopien, Tabellen von Datenbanken aus ihrer Quelle.',
    next: 'Sehen Sie nach, was seit der Sicherung eingestellt wurde: Ziele, die angehalten oder entfernt wurden, und Regeln dafür, was das Haus verlässt. Lassen Sie dann jedes Ziel weitergehen. Prüfen Sie die Festplatte dieses PCs, und bestätigen Sie, dass Sie dies gesehen haben.',
  },
  'copies-unread': {
    what: 'Die Kopien von {count} Dateien, die seit der Sicherung geholt wurden, sind nicht lesbar: {names}.',
    safe: 'Alle anderen Dateien jener Zeit wurden noch einmal gelesen. Diese Kopien liegen, wie sie sind, im Datenordner unter raw.',
    next: 'Lassen Sie das Hotelsystem die Buchungen jener Zeit noch einmal exportieren, so wie sie jetzt sind; legen Sie keine alte Datei zurück. Bestätigen Sie dann, dass Sie dies gesehen haben.',
  },
  'database-mended': {
    what: 'Ein Teil der Datenbank war beschädigt: {rows} Zeilen des Ausgangs.',
    safe: 'Nichts Beschädigtes wurde gesendet. Was davon zählt, wird aus den Kopien der Dateien noch einmal gelesen; alles andere ging weiter.',
    next: 'Prüfen Sie die Festplatte dieses PCs: Was einmal beschädigt war, wird es wieder. Was nicht noch einmal gelesen werden konnte, steht unter Beiseitegelegt.',
  },
  'database-newer': {
    what: 'Die Datenbank wurde von einem neueren Bellhop geschrieben (Schema {found}, dieses kennt {known}).',
    safe: 'Sie wurde nicht berührt.',
    next: 'Starten Sie wieder das neuere Bellhop.',
  },
  'database-unreadable': {
    what: 'Die Datenbank {file} ist im Moment nicht zu erreichen ({detail}).',
    safe: 'Nichts wurde geschrieben oder verschoben. Dass sie beschädigt ist, heißt das nicht.',
    next: 'Schließen Sie, was sie sonst offen haben kann, prüfen Sie, ob das Konto, unter dem Bellhop läuft, den Datenordner lesen und beschreiben darf und ob seine Festplatte antwortet, und starten Sie neu.',
  },
  'database-unsafe': {
    what: 'Die Datenbank hält die Einstellung {setting} nicht, die sie sicher macht.',
    safe: 'Nichts wurde gelesen oder geschrieben.',
    next: 'Legen Sie den Datenordner auf eine örtliche Platte.',
  },
  'record-not-found': {
    what: 'Unter {key} ist hier kein Datensatz aufbewahrt.',
    safe: unchanged,
    next: 'Suchen Sie ihn in der Liste der Datensätze. Vielleicht wurde die Zeile beiseitegelegt, oder ihre Datei ist noch nicht da.',
  },
  'dead-letter-not-found': {
    what: 'Unter der Nummer {id} ist keine Zeile beiseitegelegt.',
    safe: unchanged,
    next: 'Sehen Sie in der Liste des Beiseitegelegten nach. Die Zeilen einer neu gelesenen Datei haben neue Nummern.',
  },
  'disk-low': {
    what: 'Auf der Platte dieses PCs sind nur noch {percent} % frei ({free}).',
    safe: 'Alles wird wie immer gespeichert und zugestellt.',
    next: 'Schaffen Sie Platz. Unter 5 % liest Bellhop nichts mehr, damit das Gespeicherte noch zugestellt werden kann.',
  },
  'disk-nearly-full': {
    what: 'Das Lesen ruht: Auf der Platte dieses PCs sind nur noch {percent} % frei ({free}).',
    safe: 'Alles bisher Gespeicherte ist sicher und wird weiter zugestellt. Neues wartet im Hotelsystem; nichts geht verloren.',
    next: 'Schaffen Sie Platz. Über 6 % geht das Lesen von selbst weiter.',
  },
  'disk-full': {
    what: 'Die Platte dieses PCs ist voll.',
    safe: 'Alles Aufbewahrte ist sicher. Das Lesen ruht, nichts wird verworfen.',
    next: 'Schaffen Sie Platz; das Lesen geht von selbst weiter.',
  },
  'drive-missing': {
    what: 'Das Konto {account}, unter dem Bellhop läuft, hat kein Laufwerk {drive}.',
    safe: 'Nichts ist verloren: Dateien warten dort, wo das Hotelsystem sie schreibt.',
    next: 'Laufwerksbuchstaben gehören dem, der sie angelegt hat, und ein Dienst sieht sie nicht. Tragen Sie die Freigabe mit ihrem eigenen Namen ein, etwa \\\\server\\freigabe\\ordner.',
  },
  'file-changed': {
    what: '{file} wurde noch geschrieben, während sie gelesen wurde.',
    safe: 'Die halbe Datei wurde nicht benutzt.',
    next: 'Sie wird gelesen, sobald sie eine Weile ruht.',
  },
  'file-gone': {
    what: '{file} war da und ist fort.',
    safe: 'Nichts davon wurde benutzt.',
    next: 'Fragen Sie, wer sie verschoben hat; sie wird gelesen, wenn sie wiederkommt.',
  },
  'file-unreadable': {
    what: '{file} lässt sich nicht öffnen.',
    safe: 'Die anderen Dateien werden gelesen.',
    next: 'Erlauben Sie dem Konto, unter dem Bellhop läuft, sie zu lesen.',
  },
  'folder-missing': {
    what: 'Den Ordner {folder} gibt es nicht.',
    safe: 'Nichts ist verloren: Dateien warten dort, wo das Hotelsystem sie schreibt.',
    next: 'Prüfen Sie den Pfad oder starten Sie die Freigabe, auf der er liegt.',
  },
  'folder-unreadable': {
    what: 'Den Ordner {folder} kann das Konto nicht lesen, unter dem Bellhop läuft.',
    safe: 'Nichts ist verloren: Dateien warten dort.',
    next: 'Erlauben Sie diesem Konto, den Ordner zu lesen.',
  },
  'folder-unwritable': {
    what: 'Eine übernommene Datei kann nicht nach {folder} verschoben werden.',
    safe: 'Die Datei ist gelesen und aufbewahrt; sie wird nicht zweimal gelesen.',
    next: 'Erlauben Sie dort das Schreiben oder schalten Sie das Verschieben aus.',
  },
  'home-not-empty': {
    what: 'Im Datenordner {home} liegen schon Daten.',
    safe: 'Er wurde nicht angerührt.',
    next: 'Stellen Sie in einen leeren Ordner wieder her, oder wiederholen Sie den Befehl mit --replace: Was jetzt dort liegt, wird dann beiseitegelegt, nicht gelöscht.',
  },
  'home-in-use': {
    what: 'Ein anderer Bellhop-Agent arbeitet schon mit dem Ordner {home}.',
    safe: 'Nichts wurde geöffnet oder geändert.',
    next: 'Benutzen Sie diesen oder beenden Sie ihn zuerst.',
  },
  'home-unsuitable': {
    what: 'Der Ordner {home} kann die Daten von Bellhop nicht aufnehmen: er liegt {where}.',
    safe: 'Dort wurde nichts geschrieben.',
    next: 'Wählen Sie mit --home einen Ordner auf einer örtlichen Platte.',
  },
  'host-key-changed': {
    what: '{host} zeigt einen anderen Schlüssel ({key}) als den, den Sie bestätigt haben.',
    safe: 'Kein Name und kein Passwort wurde gesendet. Was auf dem Server liegt, bleibt dort und folgt.',
    next: 'Fragen Sie den Betreiber von {host}, ob der Server getauscht wurde. Wenn nicht, hört vielleicht jemand mit: gehen Sie nicht weiter.',
  },
  'host-key-unknown': {
    what: '{host} zeigt einen Schlüssel, den noch niemand bestätigt hat: {key}. In Wörtern: {words}.',
    safe: 'Kein Name und kein Passwort wurde gesendet.',
    next: 'Lassen Sie sich den Schlüssel vom Betreiber von {host} vorlesen und tragen Sie ihn in den Einstellungen als Schlüssel von {host} ein.',
  },
  'jump-refused': {
    what: '{host} lässt {user} nicht zu {target} durch.',
    safe: 'Nichts ist verloren: Was auf dem Server liegt, bleibt dort und folgt.',
    next: 'Bitten Sie den Betreiber von {host}, {user} die TCP-Weiterleitung zu {target} zu erlauben.',
  },
  'key-passphrase-missing': {
    what: 'Der private Schlüssel für {host} hat ein Kennwort, und keines ist eingetragen.',
    safe: 'Nichts wurde an {host} gesendet.',
    next: 'Tragen Sie das Kennwort des Schlüssels ein oder machen Sie hier ein neues Schlüsselpaar.',
  },
  'key-passphrase-wrong': {
    what: 'Das Kennwort öffnet den privaten Schlüssel für {host} nicht.',
    safe: 'Nichts wurde an {host} gesendet.',
    next: 'Tragen Sie das Kennwort des Schlüssels neu ein. Es ist das, das beim Machen des Schlüssels gesetzt wurde, nicht das Passwort des Servers.',
  },
  'key-putty': {
    what: 'Der private Schlüssel für {host} ist eine PuTTY-Datei ({algorithm}, Version {version}); von diesen ist nur RSA in Version 2 zu lesen.',
    safe: 'Nichts wurde an {host} gesendet.',
    next: 'Öffnen Sie ihn in PuTTYgen, wählen Sie Conversions > Export OpenSSH key und tragen Sie den Text dieser Datei ein.',
  },
  'key-unreadable': {
    what: 'Was als privater Schlüssel für {host} eingetragen ist, ist keiner, der sich lesen lässt.',
    safe: 'Nichts wurde an {host} gesendet.',
    next: 'Tragen Sie den ganzen Text der Schlüsseldatei ein, von der ersten bis zur letzten Zeile. Eine Datei, die auf .pub endet, enthält die andere Hälfte.',
  },
  'login-refused': {
    what: '{host} lässt {user} nicht hinein.',
    safe: 'Nichts wurde geändert. Was auf dem Server liegt, bleibt dort und folgt.',
    next: 'Prüfen Sie Name, Passwort oder Schlüssel mit dem Betreiber von {host}. Manche Server sperren einen Namen nach wenigen Versuchen.',
  },
  'source-unreachable': {
    what: '{host} ist nicht zu erreichen ({detail}).',
    safe: 'Nichts geht verloren: was auf dem Server liegt, bleibt dort und folgt.',
    next: 'Es wird von selbst wieder versucht. Bleibt er weg, prüfen Sie die Adresse und das Netz des Hotels.',
  },
  'source-columns': {
    what: '{table} auf {host} ist nicht mehr, wie es war: {detail}.',
    safe: 'Nur dies wird nicht mehr gelesen. Nichts Aufbewahrtes ist verloren, und alles andere geht weiter.',
    next: 'Fragen Sie den Betreiber von {host}, was sich geändert hat, und stellen Sie Spalten oder Frage der Verbindung neu ein.',
  },
  'source-error': {
    what: '{host} antwortet mit dem Fehler {code}, bei: {doing}.',
    safe: 'Dort wurde nichts geändert. Was gelesen ist, ist aufbewahrt, und es geht von dort weiter.',
    next: 'Es wird von selbst wieder versucht. Bleibt es, geben Sie den Fehler dem Betreiber von {host}.',
  },
  'source-login': {
    what: '{host} lässt {user} nicht herein ({detail}).',
    safe: 'Es wurde einmal versucht und wird nicht von selbst wieder versucht, damit das Konto nicht gesperrt wird. Was sich dort ändert, folgt.',
    next: 'Prüfen Sie Name und Passwort mit dem Betreiber von {host}, geben Sie sie neu ein, und prüfen Sie die Verbindung.',
  },
  'source-place-missing': {
    what: '{host} hat {place} nicht oder zeigt es {user} nicht.',
    safe: 'Dort wurde nichts geändert. Was gelesen ist, ist aufbewahrt.',
    next: 'Prüfen Sie mit dem Betreiber von {host} den Namen, und ob {user} es lesen darf.',
  },
  'source-question': {
    what: 'Die Frage wird nicht gesendet: {detail}.',
    safe: 'Nichts wurde an die Datenbank gesendet.',
    next: 'Schreiben Sie ein SELECT, das nur liest. Was anders ermittelt werden muss, gehört in eine Sicht, die der Betreiber der Datenbank anlegt.',
  },
  'source-rights': {
    what: '{host} lässt {user} {place} nicht lesen.',
    safe: 'Dort wurde nichts geändert. Was gelesen ist, ist aufbewahrt.',
    next: 'Bitten Sie den Betreiber von {host} um das Recht zu lesen. Der Text für den Verwalter, in der Verbindung, gibt genau das Nötige.',
  },
  'source-rows-vanished': {
    what: '{count} von {known} Zeilen von {table} sind nicht mehr da.',
    safe: 'Nichts wurde als verschwunden gemeldet. Was sich ändert, wird weiter gelesen.',
    next: 'Sehen Sie nach, ob das System sie zeigt. Sind sie wirklich fort, sagen Sie es an der Verbindung oder mit: bellhop connections gone ID TABELLE.',
  },
  'source-timeout': {
    what: '{host} hat nicht binnen {seconds} s geantwortet.',
    safe: 'Die Frage wurde abgebrochen, dort wurde nichts geändert. Es geht weiter, wo es war.',
    next: 'Es wird von selbst wieder versucht. Bleibt es, ist die Datenbank sehr beschäftigt, oder die Frage braucht einen Index.',
  },
  'source-turns': {
    what: 'Das Lesen von {table} kam an eine Stelle zurück, an der es schon war.',
    safe: 'Was bis dahin gelesen ist, ist aufbewahrt. Die Tabelle bleibt in Ruhe, bis das behoben ist.',
    next: 'Der Schlüssel muss eindeutig sein, und das System muss danach so sortieren, wie es vergleicht. Wählen Sie eine andere Schlüsselspalte.',
  },
  'source-went-back': {
    what: 'Die Uhr des Systems steht {seconds} s vor dem letzten Lesen von {table}: Es wurde zurückgesetzt, oder ein anderes antwortet.',
    safe: 'Von dort an wird neu gelesen und alles verglichen. Nichts Aufbewahrtes ist verloren.',
    next: 'Fragen Sie, ob das System aus einer Sicherung wiederhergestellt wurde.',
  },
  'opera-business-date': {
    what: 'OPERA auf {host} hat {count} offene Geschäftstage für {resort}, nicht einen.',
    safe: 'Dort wurde nichts geändert. Was gelesen ist, ist aufbewahrt.',
    next: 'Prüfen Sie den Code des Hauses. Stimmt er, fragen Sie die Hilfe von OPERA: In der Tabelle BUSINESSDATE muss genau ein Tag offen sein.',
  },
  'opera-choose': {
    what: '{what} muss gewählt werden: {choices}.',
    safe: 'Noch wurde nichts gelesen.',
    next: 'Tragen Sie eines davon in den Einstellungen der Verbindung ein.',
  },
  'oracle-address': {
    what: 'Die Adresse der Oracle-Datenbank ist nicht lesbar: {detail}.',
    safe: 'Nichts wurde irgendwohin gesendet.',
    next: 'Schreiben Sie sie als host:1521/DIENST, oder übernehmen Sie den Text, den ein anderes Programm des Hotels benutzt.',
  },
  'oracle-service': {
    what: 'Bei {host} antwortet ein Listener, der {kind} {name} nicht kennt ({code}).',
    safe: 'Weder Name noch Passwort wurde gesendet.',
    next: "Fragen Sie den Verwalter der Datenbank nach dem genauen Namen des Dienstes: SELECT value FROM v$parameter WHERE name = 'service_names'. Hinter einem Schrägstrich steht ein Dienst, hinter einem Doppelpunkt eine SID.",
  },
  'oracle-too-old': {
    what: 'Mit {host} kann der Treiber allein nicht sprechen: {detail}.',
    safe: 'Kein Passwort wurde gesendet. Dort wurde nichts geändert.',
    next: 'Richten Sie auf diesem PC einen Oracle Instant Client ein (19 für Oracle 11.2, 11.2 oder 12 für ältere) und nennen Sie seinen Ordner in der Verbindung.',
  },
  'oracle-verifier': {
    what: 'Das Passwort von {user} bei {host} liegt in einer Form aus der Zeit vor Oracle 11 (NJS-116).',
    safe: 'Kein Passwort wurde gesendet. Dort wurde nichts geändert.',
    next: 'Bitten Sie den Verwalter der Datenbank: ALTER USER {user} IDENTIFIED BY "dasselbe oder ein neues Passwort"; mit SEC_CASE_SENSITIVE_LOGON auf TRUE. Dann liegt es in der neueren Form. Ein Oracle Instant Client auf diesem PC, in der Verbindung genannt, hilft auch.',
  },
  'source-may-write': {
    what: '{user} bei {host} könnte etwas ändern: {rights}.',
    safe: 'Nichts wurde gelesen oder geändert. Bellhop liest nur und will kein Recht zu mehr.',
    next: 'Bitten Sie den Verwalter, diese Rechte zu nehmen: Der Text für den Verwalter, in der Verbindung, gibt genau das Nötige. Geht das nicht, nehmen Sie jedes beim Namen in den Einstellungen an.',
  },
  'ssh-weak': {
    what: '{host} bietet nichts, das sicher genug ist ({detail}).',
    safe: 'Kein Name und kein Passwort wurde gesendet.',
    next: 'Bitten Sie den Betreiber von {host}, den Server zu erneuern.',
  },
  'input-wrong': {
    what: 'Das lässt sich nicht benutzen: {detail}',
    safe: unchanged,
    next: 'Berichtigen Sie es und versuchen Sie es noch einmal.',
  },
  internal: {
    what: 'In Bellhop selbst ging etwas schief.',
    safe: 'Was aufbewahrt war, bleibt aufbewahrt.',
    next: 'Schicken Sie die Kennung {correlationId} an die Betreuung.',
  },
  'leaving-rule-refused': {
    what: 'Das Feld {field} von {entity} kann nicht nach der Regel „{rule}“ hinausgehen.',
    safe: 'Nichts wurde geändert. Die Datensätze gehen hinaus wie bisher.',
    next: 'Wählen Sie eine andere Regel. Die Nummer eines Datensatzes und was jeder Datensatz braucht, gehen immer hinaus; Tage, Beträge und Status lassen sich weglassen, aber nicht verdecken; eine Währung gehört zu ihren Beträgen.',
  },
  'mapping-not-found': {
    what: 'Es gibt keine Zuordnung {name}.',
    safe: 'Keine Datei wurde benutzt.',
    next: 'Wählen Sie eine Zuordnung aus der Liste.',
  },
  'parts-missing': {
    what: '{name} ist nicht vollständig: Von {of} Teilen fehlt seit mehr als einer Stunde {missing}.',
    safe: 'Die übrigen Teile bleiben, wo sie sind. Nichts davon wurde gelesen.',
    next: 'Fragen Sie, wer exportiert, nach dem fehlenden Teil. Kommt er nicht mehr, schalten Sie das Warten auf Teile aus.',
  },
  'proxy-login': {
    what: 'Der Proxy {host} verlangt Benutzername und Kennwort.',
    safe: waits,
    next: 'Tragen Sie die Anmeldung in den Einstellungen des Ziels ein.',
  },
  'proxy-unreachable': {
    what: 'Der Proxy {host} antwortet nicht.',
    safe: waits,
    next: 'Es wird von selbst wieder versucht. Prüfen Sie die Adresse des Proxys.',
  },
  'removal-refused': {
    what: '{host} lässt {user} übernommene Dateien in {folder} nicht löschen.',
    safe: 'Sie sind gelesen und aufbewahrt und werden nicht zweimal gelesen. Sie bleiben dort.',
    next: 'Bitten Sie den Betreiber von {host} um das Recht, in {folder} umzubenennen und zu löschen, oder lassen Sie die Dateien liegen.',
  },
  'share-login-refused': {
    what: '{share} lässt {user} nicht ein.',
    safe: 'Nichts ist verloren: Dateien warten dort.',
    next: 'Prüfen Sie Benutzername und Passwort an der Freigabe mit dem, der sie betreibt. Manche Server sperren nach einigen Versuchen.',
  },
  'share-other-login': {
    what: 'Dieser PC ist mit dem Server von {share} schon unter einem anderen Namen als {user} verbunden.',
    safe: 'Nichts wurde geändert. Dateien warten dort.',
    next: 'Windows lässt nur einen Namen zugleich zu. Beenden Sie die andere Verbindung oder tragen Sie statt des Namens die Adresse des Servers ein.',
  },
  'share-unreachable': {
    what: 'Die Freigabe {share} ist nicht zu erreichen ({detail}).',
    safe: 'Nichts ist verloren: Dateien warten dort.',
    next: 'Es wird von selbst wieder versucht. Prüfen Sie, ob der Server läuft und der Name der Freigabe stimmt.',
  },
  'restore-blocked': {
    what: '{file} im Datenordner lässt sich nicht beiseitelegen: Ein anderes Programm hält es fest.',
    safe: 'Alles liegt, wo es war.',
    next: 'Schließen Sie, was es offen haben kann, etwa ein Fenster auf den Ordner oder eine Virenprüfung, und wiederholen Sie den Befehl.',
  },
  'restore-unfinished': {
    what: 'Eine Sicherung wurde nach {home} wiederhergestellt und kam nicht zum Ende.',
    safe: 'Die Sicherung ist vollständig. Was vorher in dem Ordner war, liegt darin unter einem Namen, der mit „replaced“ beginnt.',
    next: 'Wiederholen Sie bellhop restore.',
  },
  'sandbox-failed': {
    what: 'Das Übungshotel ist nicht gestartet.',
    safe: 'Ihre eigene Einrichtung wurde nicht berührt.',
    next: 'Versuchen Sie es noch einmal, oder sehen Sie mit bellhop demo in einem Terminal nach dem Grund.',
  },
  'secret-missing': {
    what: 'Das Geheimnis „{field}“ von {connection} ist auf diesem PC nicht gespeichert.',
    safe: waits,
    next: 'Tragen Sie es in den Einstellungen der Verbindung neu ein.',
  },
  'secrets-locked': {
    what: 'Das Konto, unter dem Bellhop läuft, kann die Geheimnisse dieses PCs nicht öffnen.',
    safe: 'Nichts ist verloren; aufbewahrte Datensätze sind bis dahin nicht lesbar.',
    next: 'Starten Sie Bellhop mit seinem gewohnten Konto oder geben Sie den Wiederherstellungsschlüssel ein.',
  },
  stopped: {
    what: 'Der Agent wird beendet.',
    safe: 'Was fertig war, ist aufbewahrt; der Rest wird neu gelesen.',
    next: 'Starten Sie ihn wieder.',
  },
  'tls-expired': {
    what: 'Das Zertifikat von {host} ist am {date} abgelaufen.',
    safe: notSent,
    next: 'Bitten Sie den Betreiber von {host} um ein neues Zertifikat.',
  },
  'tls-failed': {
    what: 'Zu {host} kam keine sichere Verbindung zustande: {reason}.',
    safe: notSent,
    next: 'Fragen Sie Ihre IT, ob unterwegs etwas sichere Verbindungen öffnet.',
  },
  'tls-pin': {
    what: '{host} zeigt einen anderen Schlüssel als den festgelegten.',
    safe: notSent,
    next: 'Rufen Sie den Betreiber von {host} an. Legen Sie den neuen nur fest, wenn er ihn bestätigt.',
  },
  'tls-untrusted': {
    what: 'Das Zertifikat von {host} hat niemand unterschrieben, dem dieser PC vertraut.',
    safe: notSent,
    next: 'Tragen Sie das Zertifikat Ihrer eigenen Stelle ein, falls Sie eine haben.',
  },
  'tls-wrong-host': {
    what: 'Das Zertifikat, das {host} zeigt, gehört zu einem anderen Namen.',
    safe: notSent,
    next: 'Prüfen Sie die Adresse; fragen Sie den Betreiber von {host}.',
  },
  'upstream-ahead': {
    what: '{host} kennt von diesem Hotel die Generation {seen}, neuer als unsere ({ours}).',
    safe: 'Nichts wurde gesendet. Alles wartet hier.',
    next: 'Sehen Sie nach, ob noch ein Agent für dieses Hotel sendet. Soll es dieser PC sein, halten Sie den anderen an und lassen Sie von hier senden.',
  },
  'upstream-answer': {
    what: '{host} hat etwas geantwortet, das keine Bestätigung ist ({detail}).',
    safe: 'Nichts gilt als zugestellt. Alles wartet hier.',
    next: 'Zeigt das Hotelnetz eine Anmeldeseite, melden Sie sich auf diesem PC einmal im Browser an.',
  },
  'upstream-busy': { what: '{host} bittet uns zu warten.', safe: waits, next: 'Wir warten so lange, wie es verlangt.' },
  'upstream-error': { what: '{host} meldet einen eigenen Fehler ({status}).', safe: waits, next: 'Es wird von selbst wieder versucht.' },
  'upstream-forbidden': {
    what: '{host} nimmt unseren Schlüssel nicht an ({status}).',
    safe: waits,
    next: 'Tragen Sie den Schlüssel in den Einstellungen des Ziels neu ein.',
  },
  'upstream-gone': {
    what: '{host} sagt, diese Adresse sei für immer geschlossen ({status}).',
    safe: 'Alles wartet hier. Das Senden ruht.',
    next: 'Fragen Sie den Betreiber nach der neuen Adresse.',
  },
  'upstream-name-unknown': {
    what: 'Der Name {host} ist im Netz nicht zu finden.',
    safe: waits,
    next: 'Prüfen Sie die Internetleitung dieses PCs, dann die Adresse.',
  },
  'upstream-refuses-all': {
    what: '{host} lehnt jeden Datensatz ab, der dorthin gesendet wird ({detail}).',
    safe: 'Kein Datensatz wird deshalb beiseitegelegt, und nichts geht verloren. Alles wartet hier und folgt.',
    next: 'Fragen Sie den Betreiber: Der Grund liegt dort oder in etwas, das jeden Datensatz betrifft. Es wird von selbst wieder versucht.',
  },
  'upstream-timeout': {
    what: '{host} hat in {seconds} s nicht geantwortet.',
    safe: 'Alles wartet hier und folgt; was es schon haben mag, kommt unter denselben Kennungen wieder.',
    next: 'Es wird von selbst wieder versucht.',
  },
  'upstream-unreachable': {
    what: '{host} ist nicht zu erreichen ({detail}).',
    safe: waits,
    next: 'Es wird von selbst wieder versucht. Prüfen Sie die Internetleitung.',
  },
  'upstream-blocked': {
    what: '{host} nimmt zurzeit keine Nachrichten an: {reason}.',
    safe: waits,
    next: 'Es geht von selbst weiter, sobald der Broker Platz hat. Sein Betreiber muss nach Arbeitsspeicher und Platte sehen.',
  },
  'upstream-login': {
    what: '{host} lässt {user} nicht hinein ({place}).',
    safe: waits,
    next: 'Prüfen Sie Benutzername und Passwort mit dem, der {host} betreibt. Was dort sein muss, sagt der Text für den Administrator bei der Verbindung.',
  },
  'upstream-place-missing': {
    what: 'Auf {host} gibt es {place} nicht, oder wir dürfen es nicht sehen.',
    safe: waits,
    next: 'Geben Sie den Text für den Administrator, der bei der Verbindung steht, dem, der {host} betreibt: Er legt an, was fehlt.',
  },
  'upstream-rights': {
    what: '{host} erlaubt {user} nicht, was zum Senden nötig ist: {right} auf {place}.',
    safe: waits,
    next: 'Geben Sie den Text für den Administrator, der bei der Verbindung steht, dem, der {host} betreibt: Er erteilt genau die nötigen Rechte.',
  },
  'upstream-shape': {
    what: 'Was auf {host} in {place} steht, ist nicht so, wie es sein muss: {detail}.',
    safe: 'Dort wurde nichts geschrieben. Alles wartet hier und folgt.',
    next: 'Lassen Sie es den, der {host} betreibt, mit dem Text für den Administrator bei der Verbindung vergleichen.',
  },
  'upstream-unroutable': {
    what: 'Auf {host} nimmt keine Warteschlange an, was unter {key} an {exchange} geht.',
    safe: 'Nichts davon gilt als zugestellt, und nichts wurde beiseitegelegt. Alles wartet hier und folgt.',
    next: 'Bitten Sie den, der {host} betreibt, eine Warteschlange an {exchange} zu binden. Der Text für den Administrator bei der Verbindung tut das.',
  },
};
