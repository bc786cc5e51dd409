/** Turkish, formal. */
import type { StatusTexts } from "../status-texts.ts";

const REFUND_TIME =
  "Bankaların iadeyi göstermesi genellikle birkaç gün sürer: para, ödediğiniz yoldan geri gelir.";
const ASK = "Sorularınız için mağazaya başvurun ve referansı belirtin.";
const PAID = "Ödediyseniz lütfen yeniden ödemeyin: öğrendiğimizde bu sayfa kendiliğinden değişir.";
const RESERVED = "Bankanız tutarı bir süre bloke gösterebilir. Bloke kendiliğinden kalkar.";
const AFTER_ALL = "Bir ödeme yine de ulaşırsa bunu fark eder, mağazaya haber verir ve burada gösteririz.";

export const turkish: StatusTexts = {
  language: "tr",
  direction: "ltr",
  states: {
    pending: {
      title: "Ödemeniz bekleniyor",
      lead: "{amount} ödemek için ödeme sayfasına gidin.",
      notes: [
        "Öderken lütfen tarayıcıyı kapatmayın ve geri gitmeyin: yeniden buraya yönlendirilene kadar bekleyin.",
        PAID,
      ],
    },
    confirming: {
      title: "Ödemeniz onaylanıyor",
      lead: "Ödeme hizmetinin {amount} tutarını onaylamasını bekliyoruz. Bu genellikle birkaç saniye sürer.",
      notes: [PAID, "Ödeme sayfasından ödemeden mi ayrıldınız? Orada devam edebilirsiniz."],
    },
    overdue: {
      title: "Ödeme süresi doldu",
      lead: "Lütfen şimdi ödemeye başlamayın. Ödeyip ödemediğinizi ödeme hizmetine soruyoruz.",
      notes: [PAID, "Ödemediyseniz ödeme iptal edilir ve mağazadan yeniden sipariş verebilirsiniz."],
    },
    processing: {
      title: "Ödemeniz yolda",
      lead: "Bankanızın {amount} tutarını onaylaması genellikle en çok beş iş günü, çoğu zaman yalnızca dakikalar sürer. Lütfen yeniden ödemeyin.",
      notes: [
        "Siz üzerinize düşeni yaptınız. Para onaylanır onaylanmaz mağazaya haber verilir.",
        "Bankanız ödemeyi reddederse bu sayfada yazar ve başka bir yolla ödeyebilirsiniz.",
      ],
    },
    authorized: {
      title: "Tutar bloke edildi",
      lead: "{amount} mağaza için bloke edildi ve henüz tahsil edilmedi. Bir şey yapmanız gerekmez.",
      notes: [
        "Mağaza parayı genellikle siparişiniz hazır olduğunda tahsil eder.",
        "Tahsil etmezse bankanız blokeyi kaldırır.",
      ],
    },
    succeeded: {
      title: "Ödendi. Teşekkür ederiz!",
      lead: "{amount} tutarındaki ödemeniz tamamlandı. Mağazaya haber veriyoruz.",
      notes: ["Ödenecek başka bir şey yok. Bu sayfayı kapatabilirsiniz.", ASK],
    },
    late: {
      title: "Ödemeniz geç ulaştı",
      lead: "{amount} tutarındaki ödemeniz süre dolduktan sonra ulaştı. Mağazaya haber veriyoruz.",
      notes: [
        "Lütfen yeniden ödemeyin: siparişinizi yine de yerine getirmeye ya da parayı geri göndermeye mağaza karar verir.",
        ASK,
      ],
    },
    partlyRefunded: {
      title: "Ödendi, kısmen iade edildi",
      lead: "Mağaza, {amount} tutarındaki ödemenizin {refunded} kadarını size geri gönderdi.",
      notes: [REFUND_TIME, ASK],
    },
    refunded: {
      title: "Tamamı iade edildi",
      lead: "Mağaza, {refunded} tutarındaki ödemenizi size geri gönderdi.",
      notes: [REFUND_TIME, ASK],
    },
    returning: {
      title: "Paranız geri geliyor",
      lead: "Bu ödeme, siz ödedikten sonra iptal edildi. Ödediğiniz para size geri gönderiliyor.",
      notes: [REFUND_TIME, ASK],
    },
    returned: {
      title: "Paranız geri gönderildi",
      lead: "Bu ödeme iptal edildi ve {refunded} size geri gönderildi.",
      notes: [REFUND_TIME, ASK],
    },
    failed: {
      title: "Ödeme başarısız oldu",
      lead: "Para alınmadı. Mağazaya dönüp, belki başka bir ödeme yöntemiyle, yeniden deneyebilirsiniz.",
      notes: [RESERVED, AFTER_ALL],
    },
    canceled: {
      title: "Ödeme iptal edildi",
      lead: "Para alınmadı. Siparişinizi hâlâ istiyorsanız mağazadan yeniden ödeyebilirsiniz.",
      notes: [RESERVED, AFTER_ALL],
    },
    expired: {
      title: "Ödeme süresi sona erdi",
      lead: "Hiçbir şey ödenmedi ve para alınmadı. Mağazadan yeniden sipariş verebilirsiniz.",
      notes: [
        AFTER_ALL,
        "Hâlâ açık olan eski ödeme sayfasını kapatabilirsiniz: lütfen artık orada ödemeyin.",
      ],
    },
    review: {
      title: "Ödemeniz inceleniyor",
      lead: "Ödemeniz kayıtlarımızda ve bir görevli onu inceliyor. Bir şey yapmanız gerekmez. Lütfen yeniden ödemeyin.",
      notes: ["Ödeme yaptıysanız paranız kaybolmadı: ya siparişinizi ya da paranızı alırsınız.", ASK],
    },
  },
  messages: {
    notFound: {
      title: "Bu ödemeyi bulamıyoruz",
      text: "Bağlantı eksik olabilir. Lütfen onu mağazadan ya da size gelen iletiden yeniden açın. Bundan hiçbir ödeme etkilenmez.",
    },
    trouble: {
      title: "Bir şeyler ters gitti",
      text: "Bununla ilgileniyoruz. Ödemeniz etkilenmedi: lütfen yeniden ödemeyin. Bu sayfa kendiliğinden yeniden dener.",
    },
  },
  next: "Bundan sonra ne olur",
  comeBack: "Bu sayfaya bağlantısıyla istediğiniz zaman dönebilirsiniz.",
  pay: "Ödemeye devam et",
  check: "Ödeme durumunu sor",
  back: "Mağazaya dön",
  again: "Mağazada yeniden dene",
  close: "Bu sayfayı kapatabilirsiniz.",
  offline: "Bağlantı yok. Denemeye devam ediyoruz; ödemeniz etkilenmez.",
  online: "Bağlantı geri geldi.",
  unchanged: "Henüz yeni bir şey yok. Bu sayfa kendiliğinden değişir.",
  amount: "Tutar",
  description: "Açıklama",
  refunded: "İade edilen",
  started: "Başlangıç",
  timeToPay: "Ödeme süresi",
  until: "bitiş: {time}",
  endedAt: "bitti: {time}",
  reference: "Referans",
};
