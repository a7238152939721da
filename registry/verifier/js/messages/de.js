// Die Worte der Seite auf Deutsch. Each catalogue has the same keys; see en.js.

export default {
  page: {
    title: "Rootseal – ist dieser Nachweis echt?",
    skip: "Zum Inhalt",
    navigation: "Seiten",
    verify: "Prüfen",
    explorer: "Register",
    language: "Sprache",
    heading: "Ist dieser Nachweis echt?",
    lead:
      "Ihr Browser prüft ihn selbst an der Blockchain. Weder die Datei noch etwas daraus wird an " +
      "uns gesendet.",
    drop: "Hier ablegen oder eine Datei wählen",
    dropAnother: "Einen anderen prüfen: hier ablegen oder eine Datei wählen",
    dropHint:
      "Einen Nachweis (JSON), ein Abzeichen (PNG oder SVG), eine Urkunde (PDF) oder jedes " +
      "Dokument mit seinem Beleg",
    paste: "Seinen Text einfügen",
    pasteLabel: "Text eines JSON-Nachweises oder eines Belegs",
    check: "Prüfen",
    settings: "Wer gefragt wird, und wem Sie trauen",
    settingsHint:
      "Die Antwort ist so gut wie der Knoten, der gefragt wird. Nennen Sie einen, dem Sie trauen. " +
      "Nennen Sie mehrere, durch Leerzeichen getrennt, müssen alle dasselbe sagen.",
    nodesOf: "Knoten von {chain}",
    contract: "Vertrag {contract}",
    remember: "Diese Knoten in diesem Browser merken",
    expectedIssuer: "Adresse des Ausstellers, den Sie erwarten (wenn Sie mögen)",
    trustList:
      "Ihre eigene Liste vertrauter Aussteller anstelle der dieser Seite (TOML, wenn Sie mögen)",
    forgetTrust: "Liste wieder weglassen",
    trustsNobody:
      "Noch ist niemand genannt: Das Urteil sagt dann, dass jemand ihn verankert hat, nicht wer.",
    trustsThese: "Diese Seite nennt {count}: {names}.",
    trustsOwn: "In Gebrauch: {file} nennt {count}: {names}.",
    andMore: "{names} und weitere",
    promises: "Wie es geht",
    promise1: "Nichts verlässt diesen Browser",
    promise1Text:
      "Der Fingerabdruck des Nachweises entsteht hier. Wir erfahren weder die Datei noch ihren " +
      "Hash, noch wem sie gehört.",
    promise2: "Die Kette antwortet, nicht wir",
    promise2Text:
      "Ein Knoten Ihrer Wahl sagt, ob der Aussteller ihn verankert hat, seit wann, und ob er " +
      "zurückgenommen wurde.",
    promise3: "Es überdauert uns",
    promise3Text:
      "Nachweis und Beleg lassen sich noch in Jahrzehnten ebenso prüfen, ohne diese Seite und " +
      "ohne die, die sie gemacht haben.",
    footer: "Rootseal: ein Siegel je Nacht, und Beweise, die jeder ohne uns prüfen kann.",
    version: "Version {version}.",
    spoken: "{verdict}. {finding}",
  },
  verdict: {
    checking: "Wird geprüft …",
    valid: "Gültig",
    unnamed: "Gültig, Aussteller unbekannt",
    invalid: "Nicht gültig",
    undetermined: "Nicht zu entscheiden",
    reading: "{files} wird gelesen",
    validOf:
      "{name} hat ihn am {date} verankert. Seither ist er unverändert, und er wurde nicht " +
      "zurückgenommen.",
    validExpected:
      "Der Aussteller, den Sie erwarten, hat ihn am {date} verankert. Seither ist er unverändert, " +
      "und er wurde nicht zurückgenommen.",
    validUnnamed:
      "Er wurde am {date} verankert. Seither ist er unverändert, und er wurde nicht " +
      "zurückgenommen.",
    caution:
      "Niemand hat dieser Seite gesagt, wem die Adresse {issuer} gehört. Jeder kann unter jedem " +
      "Namen verankern: Vergleichen Sie die Adresse mit der, die der Aussteller veröffentlicht, " +
      "oder nennen Sie die Aussteller, denen Sie trauen.",
    nothingAgainst:
      "Das spricht nicht gegen den Nachweis. Er ist weder als echt erwiesen noch als falsch.",
    saysItself: "Was er sagt",
    saysHint: "In seinen eigenen Worten; die Prüfungen unten machen sie nicht wahr.",
    checks: "Die Prüfungen",
    toDo: "Was zu tun ist: {advice}",
    because: "Grund: {reason}.",
    place: "{reason} (bei {place})",
    code: "Code",
    checkedFile: "Geprüft: {files}.",
    checkedAsking: "Am {date}, in diesem Browser; gefragt wurde {nodes}.",
    checkedAlone: "Am {date}, in diesem Browser; kein Knoten wurde gefragt.",
    addReceipt: "Seinen Beleg hinzufügen",
    addCredential: "Den Nachweis hinzufügen",
    again: "Noch einmal prüfen",
    print: "Drucken",
    another: "Leeren",
  },
  server: {
    heading: "Das Wort dieses Servers",
    ask: "Auch auf dem Server prüfen",
    hint: "Erst dann wird er an {host} gesendet.",
    asking: "Der Server wird gefragt …",
    same: "Der Server fand dasselbe: {verdict}.",
    other: "Der Server fand etwas anderes: {verdict}.",
    failed: "Der Server hat ihn nicht geprüft: {reason}.",
    silent: "Der Server hat nicht geantwortet.",
  },
  says: {
    name: "Name",
    holder: "Verliehen an",
    issuer: "Aussteller nach eigener Angabe",
  },
  outcomes: {
    pass: "bestanden",
    fail: "gescheitert",
    unknown: "nicht bekannt",
    skipped: "nicht geprüft",
  },
  names: {
    format: "Beleg",
    integrity: "Unverändert",
    inclusion: "Versiegelt",
    anchor: "Verankert",
    status: "Status",
    issuer: "Aussteller",
    validity: "Daten",
    proofs: "Weiteres",
  },
  evidence: {
    accreditation: "Anerkennung",
    anchoredAt: "Verankert",
    answers: "Antworten",
    askedAtBlock: "Gefragt bei Block",
    awardedDate: "Verliehen",
    blockHash: "Hash des Blocks",
    blockNumber: "Block",
    canonicalization: "Gehasht als",
    chain: "Kette",
    contract: "Vertrag",
    credentialHash: "Hash dieses Nachweises",
    did: "DID",
    domain: "Domain",
    issuer: "Adresse des Ausstellers",
    leadsTo: "Weg führt zu",
    leafIndex: "Platz im Stapel",
    name: "Name",
    notAsked: "Nicht gefragt",
    notProved: "Nicht bewiesen",
    now: "Geprüft",
    proofs: "Beweise",
    receiptHash: "Hash im Beleg",
    seal: "Siegel",
    status: "Status",
    time: "Zeit",
    transaction: "Transaktion",
    treeSize: "Nachweise im Stapel",
    type: "Form",
    validFrom: "Gültig ab",
    validUntil: "Gültig bis",
  },
  checks: {
    "well-formed": {
      title: "Der Beleg ist vollständig.",
      sentence: "Er hat die Form {type}; nichts fehlt, und nichts ist hinzugefügt.",
      todo: "",
    },
    "malformed-receipt": {
      title: "Der Beleg ist beschädigt.",
      sentence: "Er hat nicht die Form rootseal/receipt@1.",
      todo: "Bitten Sie den Inhaber noch einmal um den Beleg.",
    },
    "no-receipt": {
      title: "Der Beleg fehlt.",
      sentence:
        "Ohne Beleg kann niemand sagen, ob ein Nachweis verankert wurde. Er ist eine Datei neben " +
        "dem Nachweis (ihr Name endet auf .receipt.json) oder steht darin.",
      todo: "Fügen Sie den Beleg hinzu, oder bitten Sie Inhaber oder Aussteller darum.",
    },
    "hash-match": {
      title: "Es ist genau der versiegelte Nachweis.",
      sentence: "Sein hier errechneter Hash ist der des Belegs: Kein Buchstabe ist anders.",
      todo: "",
    },
    "hash-mismatch": {
      title: "Es ist nicht der versiegelte Nachweis.",
      sentence:
        "Sein Hash ist nicht der des Belegs: Er wurde verändert, oder der Beleg gehört zu einem " +
        "anderen.",
      todo: "Bitten Sie den Inhaber um die Originaldatei und ihren eigenen Beleg.",
    },
    "unreadable-credential": {
      title: "Der Nachweis ist nicht lesbar.",
      sentence:
        "Sein Beleg gilt einem JSON-Nachweis, und das ist keiner, der sich nur auf eine Weise " +
        "lesen ließe.",
      todo: "Bitten Sie den Inhaber um die Originaldatei.",
    },
    "no-credential": {
      title: "Der Nachweis selbst fehlt.",
      sentence:
        "Ein Beleg sagt, dass etwas versiegelt wurde. Was es war, kann nur die Datei zeigen.",
      todo: "Fügen Sie den Nachweis hinzu.",
    },
    included: {
      title: "Der Beleg führt zum Siegel.",
      sentence: "Was er nennt, ist einer der {treeSize} Nachweise des versiegelten Stapels.",
      todo: "",
    },
    "seal-mismatch": {
      title: "Der Beleg führt nicht zum Siegel.",
      sentence: "Der Weg im Beleg führt zu einem anderen Siegel, als der Beleg sagt.",
      todo: "Der Beleg ist gefälscht oder beschädigt. Bitten Sie den Aussteller darum.",
    },
    "wrong-path-length": {
      title: "Der Beleg führt nicht zum Siegel.",
      sentence: "Kein Stapel von {treeSize} Nachweisen hat einen Weg dieser Länge.",
      todo: "Der Beleg ist gefälscht oder beschädigt. Bitten Sie den Aussteller darum.",
    },
    "index-out-of-range": {
      title: "Der Beleg führt nicht zum Siegel.",
      sentence: "Ein Stapel von {treeSize} Nachweisen hat keinen Platz {leafIndex}, ab 0 gezählt.",
      todo: "Der Beleg ist gefälscht oder beschädigt. Bitten Sie den Aussteller darum.",
    },
    anchored: {
      title: "Das Siegel steht auf der Blockchain, endgültig.",
      sentence:
        "Block {blockNumber} von {chain} hält es in unserem Vertrag und ist nicht mehr zu " +
        "ersetzen.",
      todo: "",
    },
    "wrong-contract": {
      title: "Er verweist auf einen anderen Vertrag.",
      sentence:
        "Der Beleg nennt den Vertrag {contract}; das ist nicht der, den diese Seite kennt. In " +
        "einen eigenen Vertrag kann jeder schreiben, was er will.",
      todo: "Der Beleg ist gefälscht, es sei denn, Sie kennen jenen Vertrag.",
    },
    "not-anchored": {
      title: "Er wurde nie verankert.",
      sentence: "Die Kette hat kein solches Siegel des Ausstellers {issuer}.",
      todo: "Der Beleg ist gefälscht. Fragen Sie den Aussteller.",
    },
    "wrong-time": {
      title: "Er wurde zu einer anderen Zeit verankert.",
      sentence: "Die Kette sagt {anchoredAt}, der Beleg sagt etwas anderes.",
      todo: "Bitten Sie den Aussteller um einen neuen Beleg.",
    },
    "wrong-transaction": {
      title: "Er wurde anderswo verankert.",
      sentence:
        "Das Siegel ist verankert, aber nicht in der Transaktion und dem Block, die der Beleg " +
        "nennt.",
      todo: "Bitten Sie den Aussteller um einen neuen Beleg.",
    },
    "node-behind": {
      title: "Der Knoten weiß es noch nicht.",
      sentence: "Er ist bei Block {askedAtBlock}, die Verankerung steht in Block {blockNumber}.",
      todo: "Prüfen Sie später noch einmal, oder fragen Sie einen anderen Knoten.",
    },
    "no-contract": {
      title: "Der Knoten hat den Vertrag nicht.",
      sentence: "Bei {contract} zeigt er anderen Code als unseren oder keinen: Er nützt hier nichts.",
      todo: "Fragen Sie einen anderen Knoten.",
    },
    "no-event": {
      title: "Der Knoten zeigt die Verankerung nicht.",
      sentence:
        "Er sagt, das Siegel sei verankert, aber nicht wo: Ihm könnten alte Daten fehlen, oder er " +
        "lügt.",
      todo: "Fragen Sie einen anderen Knoten.",
    },
    "not-final": {
      title: "Die Verankerung ist noch nicht endgültig.",
      sentence: "Ihr Block {blockNumber} kann noch ersetzt werden.",
      todo: "Prüfen Sie in einer Viertelstunde noch einmal.",
    },
    pending: {
      title: "Er ist noch nicht verankert.",
      sentence: "Der Beleg ist ein vorläufiger, von vor der Verankerung des Stapels.",
      todo: "Bitten Sie den Aussteller um den endgültigen Beleg.",
    },
    "chain-not-configured": {
      title: "Kein Knoten seiner Kette wird gefragt.",
      sentence: "Der Beleg nennt Ketten, von denen diese Seite keinen Knoten kennt.",
      todo: "Nennen Sie unten einen Knoten dieser Kette, wenn dort Platz für ihn ist.",
    },
    "nodes-disagree": {
      title: "Die Knoten widersprechen einander.",
      sentence: "Mehrere Knoten von {chain} wurden gefragt, und nicht alle sagten dasselbe.",
      todo: "Finden Sie heraus, welcher unrecht hat.",
    },
    "chain-unavailable": {
      title: "Die Blockchain konnte nicht gefragt werden.",
      sentence: "Der Knoten von {chain} gab keine brauchbare Antwort.",
      todo: "Prüfen Sie später noch einmal, oder fragen Sie einen anderen Knoten.",
    },
    active: {
      title: "Der versiegelte Nachweis wurde nicht zurückgenommen.",
      sentence: "Weder er noch sein Stapel ist ausgesetzt oder widerrufen.",
      todo: "",
    },
    suspended: {
      title: "Der Aussteller hat ihn ausgesetzt.",
      sentence: "Er ist vorerst zurückgenommen und kann wiederkommen.",
      todo: "Fragen Sie den Aussteller.",
    },
    revoked: {
      title: "Der Aussteller hat ihn widerrufen.",
      sentence: "Er ist für immer zurückgenommen.",
      todo: "Fragen Sie den Aussteller.",
    },
    "status-not-asked": {
      title: "Ob er zurückgenommen wurde, ist nicht bekannt.",
      sentence: "Das lässt sich nur fragen, wo die Verankerung gefunden ist.",
      todo: "Siehe die Prüfung der Verankerung.",
    },
    "trusted-issuer": {
      title: "{name} hat ihn verankert.",
      sentence: "Die Liste vertrauter Aussteller nennt die Adresse {issuer}.",
      todo: "",
    },
    "expected-issuer": {
      title: "Der Aussteller, den Sie erwarten, hat ihn verankert.",
      sentence: "Die Adresse ist {issuer}.",
      todo: "",
    },
    "untrusted-issuer": {
      title: "Niemand von der Liste hat ihn verankert.",
      sentence: "Die Adresse {issuer} steht nicht auf der Liste vertrauter Aussteller.",
      todo: "Finden Sie heraus, wessen Adresse das ist.",
    },
    "unexpected-issuer": {
      title: "Jemand anderes hat ihn verankert.",
      sentence: "Die Adresse {issuer} ist nicht die des Ausstellers, den Sie erwarten.",
      todo: "Finden Sie heraus, wessen Adresse das ist.",
    },
    "did-web-issuer": {
      title: "Die Domain des Ausstellers nennt die Adresse ihre eigene.",
      sentence: "Ihr did:web-Dokument nennt {issuer}.",
      todo: "Entscheiden Sie, ob Sie dieser Domain trauen.",
    },
    "dns-issuer": {
      title: "Die Domain des Ausstellers nennt die Adresse ihre eigene.",
      sentence: "Ihr DNS nennt {issuer}.",
      todo: "Entscheiden Sie, ob Sie dieser Domain trauen.",
    },
    "issuer-not-named": {
      title: "Der Aussteller nennt diese Adresse nicht.",
      sentence:
        "Der Aussteller im Nachweis wurde gefragt und nennt {issuer} nicht seine eigene.",
      todo: "Fragen Sie den Aussteller.",
    },
    "issuer-unreachable": {
      title: "Der Aussteller konnte nicht gefragt werden.",
      sentence: "Seine Domain sagte nicht, ob die Adresse {issuer} ihm gehört.",
      todo: "Prüfen Sie später noch einmal.",
    },
    "no-anchor": {
      title: "Niemand ist bekannt, der ihn verankert hätte.",
      sentence: "Keine Verankerung hielt stand, also ist niemand zu beurteilen.",
      todo: "Siehe die Prüfung der Verankerung.",
    },
    "no-trust-list": {
      title: "Wessen Adresse ihn verankert hat, wurde nicht geprüft.",
      sentence: "Niemand hat dieser Seite gesagt, wem Sie trauen. Die Adresse ist {issuer}.",
      todo: "Vergleichen Sie sie mit der, die der Aussteller veröffentlicht.",
    },
    "in-time": {
      title: "Er gilt zu dieser Zeit.",
      sentence:
        "Seine eigenen Daten schließen heute ein, und er wurde nicht nach seiner Verankerung " +
        "verliehen.",
      todo: "",
    },
    "not-yet-valid": {
      title: "Er gilt noch nicht.",
      sentence: "Er gilt ab {validFrom}.",
      todo: "Prüfen Sie dann noch einmal.",
    },
    expired: {
      title: "Er ist abgelaufen.",
      sentence: "Er galt bis {validUntil}.",
      todo: "Bitten Sie den Inhaber um einen neueren.",
    },
    "awarded-after-anchor": {
      title: "Er will nach seiner Versiegelung verliehen worden sein.",
      sentence: "Er sagt, verliehen {awardedDate}, verankert wurde er aber {anchoredAt}.",
      todo: "Fragen Sie den Aussteller.",
    },
    "unreadable-date": {
      title: "Eine seiner Datumsangaben ist nicht lesbar.",
      sentence:
        "Eine Angabe ist kein Datum oder nennt keine Zeitzone: Ob er jetzt gilt, ist offen.",
      todo: "Fragen Sie den Aussteller.",
    },
    "no-dates": {
      title: "Es gibt keine Daten zu prüfen.",
      sentence: "Nur JSON-Nachweise haben Daten, die ein Programm lesen kann.",
      todo: "",
    },
    "no-other-proofs": {
      title: "Er trägt keinen anderen Beweis.",
      sentence: "Es ist keine weitere Unterschrift darin.",
      todo: "",
    },
    "proofs-hold": {
      title: "Auch seine weiteren Beweise halten.",
      sentence: "Er trägt {proofs}; was sich hier prüfen lässt, stimmt.",
      todo: "",
    },
    "bad-proof": {
      title: "Ein weiterer Beweis darin ist falsch.",
      sentence: "Er trägt {proofs}, und einer davon hält nicht.",
      todo: "Lassen Sie sich die ursprüngliche Datei geben.",
    },
    "key-unreachable": {
      title: "Ein Schlüssel war nicht zu erfragen.",
      sentence: "Er trägt {proofs}; der Schlüssel des Ausstellers war nicht zu erfragen.",
      todo: "Versuchen Sie es noch einmal.",
    },
    "other-proofs-not-checked": {
      title: "Seine anderen Beweise wurden nicht geprüft.",
      sentence: "Er trägt {proofs}. Das Siegel schützt sie nicht.",
      todo: "Prüfen Sie sie mit einem Werkzeug dafür.",
    },
    "not-in-snapshot": {
      title: "Der gespeicherte Schnappschuss hat ihn nicht.",
      sentence: "Der Schnappschuss wurde für andere Nachweise gemacht oder ist beschädigt.",
      todo: "Bitten Sie um einen Schnappschuss dieses Nachweises, oder fragen Sie einen Knoten.",
    },
    "untrusted-block": {
      title: "Niemand bürgt für den Block des Schnappschusses.",
      sentence: "Alles ist aus Block {blockNumber} bewiesen, dessen Hash {blockHash} ist.",
      todo: "Vergleichen Sie diesen Hash mit einer Quelle, der Sie trauen.",
    },
  },
  reasons: {
    "address-named-twice": "eine Adresse ist zweimal genannt",
    "another-hash": "ein Beweis gilt einem anderen Nachweis",
    "another-issuers-key": "der Schlüssel gehört nicht dem Aussteller",
    "another-seal": "der Pfad eines Beweises führt nicht zu seinem Siegel",
    "bad-address":
      "das ist keine Adresse einer Datei: https ist nötig, oder http für eine Datei dieses Rechners",
    "bad-endpoint":
      "das ist keine Adresse eines Knotens: Sie beginnt mit https:// und hat kein Passwort",
    "bad-proof-form": "ein Beweis hat nicht die Form seiner Art",
    "bad-signature": "eine Unterschrift hält nicht",
    "broken-attachment": "ein Anhang des PDF ist beschädigt",
    "broken-png": "das PNG-Bild ist beschädigt",
    "broken-svg": "das SVG-Bild ist beschädigt",
    bug: "etwas an dieser Seite ist defekt, und nichts wurde entschieden",
    "claims-disagree": "die Angaben des Tokens sagen etwas anderes als der Nachweis darin",
    connection: "es gab keine Verbindung, oder der Knoten antwortet Webseiten nicht",
    "could-not-read": "die Datei war nicht zu lesen; Ordner sind es nie",
    "duplicate-key": "ein Schlüssel steht zweimal da",
    "index-out-of-range": "der Stapel hat keinen solchen Platz",
    "inexact-number": "eine Zahl lässt sich nicht genau darstellen",
    "lone-surrogate": "ein Zeichen ist entzweigebrochen",
    malformed: "die Antwort des Knotens ergibt keinen Sinn",
    "missing-key": "ein Schlüssel fehlt",
    "no-address": "keine Adresse ist genannt",
    "no-date-with-zone": "das ist kein Datum mit Zeitzone",
    "no-endpoint": "kein Knoten ist genannt",
    "no-file": "da ist keine Datei",
    "no-issuer": "kein Aussteller ist genannt",
    "no-key": "ein Beweis nennt keinen Schlüssel",
    "no-text": "da ist kein Text zu prüfen",
    "node-error": "der Knoten meldete einen Fehler",
    "node-not-allowed": "ein Knoten wird über https gefragt, über http nur auf diesem Rechner",
    "not-a-chain": "das ist keine Kette",
    "not-a-hash": "das ist kein Hash",
    "not-a-list": "das ist keine Liste",
    "not-a-name": "das ist kein Name von 1 bis 200 Zeichen",
    "not-a-sentence": "das ist kein Satz von 1 bis 1000 Zeichen",
    "not-a-string": "das ist kein Text",
    "not-a-table": "das ist keine Tabelle",
    "not-a-time": "das ist keine Zeit in UTC",
    "not-a-url": "das ist keine Webadresse",
    "not-an-address": "das ist keine Adresse: Sie hat 0x und 40 hexadezimale Ziffern",
    "not-an-ethereum-hash": "das ist kein Hash eines Blocks oder einer Transaktion",
    "not-an-integer": "das ist keine ganze Zahl in den Grenzen",
    "not-an-object": "das ist kein JSON-Objekt",
    "not-base58": "ein Wert ist nicht base58",
    "not-cbor": "ein Wert ist nicht CBOR",
    "not-exact": "sein JSON sagt etwas anderes als seine Aussagen",
    "not-fetched":
      "er war nicht zu holen: Er ist nicht da, oder seine Seite lässt andere ihn nicht lesen. " +
      "Laden Sie ihn herunter und legen Sie ihn hier ab",
    "not-json": "es ist kein JSON",
    "not-json-ld": "es ist kein JSON-LD, das sich lesen lässt",
    "not-merkle-proof": "ein Wert ist kein MerkleProof2019",
    "not-toml": "es ist kein TOML",
    "not-utf8": "es ist kein Text in UTF-8",
    "nothing-to-verify": "da ist nichts zu prüfen",
    "pending-in-proof": "ein Beleg in einem Nachweis muss eine Verankerung haben",
    "proof-expired": "ein Beweis ist abgelaufen",
    "same-endpoint-twice": "ein Knoten ist zweimal genannt und gäbe nur sich selbst recht",
    "svg-with-doctype": "das SVG-Bild hat einen Dokumenttyp, der nicht gelesen wird",
    timeout: "es kam keine Antwort in der Zeit",
    "too-deep": "es ist zu tief verschachtelt",
    "too-large": "es ist zu groß",
    "too-many": "es sind zu viele",
    "two-credentials": "es sind zwei Nachweise; prüfen Sie einen nach dem anderen",
    "two-receipts": "es sind zwei Belege; prüfen Sie einen nach dem anderen",
    "undefined-terms": "es hat Wörter, die kein Kontext bestimmt",
    "unexpected-value": "der Wert ist keiner von denen, die dort stehen dürfen",
    "unread-attachment": "ein Anhang des PDF ist so gespeichert, wie es hier nicht gelesen wird",
    "unknown-context": "es nennt einen Kontext, der nicht mitgeliefert wird",
    "unknown-key": "ein Schlüssel ist nicht bekannt",
    "unsafe-integer": "eine ganze Zahl ist zu groß, um sie genau darzustellen",
    "wrong-chain": "der Knoten dient einer anderen Kette",
    "wrong-checksum":
      "die Adresse hat einen Fehler: Große und kleine Buchstaben sind ihre Prüfsumme",
    "wrong-created": "der Beweis um den Beleg hat ein anderes Datum als dessen Verankerung",
    "wrong-path-length": "der Weg ist zu kurz oder zu lang",
    "wrong-verification-method":
      "der Beweis um den Beleg nennt einen anderen Aussteller als dessen Verankerung",
  },
};
