"""What the words of the shipped policy find in messages, and what they leave alone."""

from __future__ import annotations

import pytest

from triage.circumstances import Case
from triage.domain import Priority
from triage.priority import PriorityPolicy, load_policy

URGENT: dict[str, str] = {
    "safety": """
        充电宝半夜自己炸开了，床单烧了个洞
        電熱水壺插上就漏電，我媽被電到了
        孩子把玩具上的纽扣电池吞下去了
        面霜用了两天，整张脸红肿刺痛
        吃了你们家的虾，一家三口上吐下泻
        奶粉里喝出虫子，宝宝一直腹泻
        插座冒火花，电线都融化了
        杯子突然裂开，把我手划破流血了
        手机电池鼓包了，屏幕都顶起来
        用了染发膏头皮起水泡，现在在急诊
        高压锅盖飞出来砸到我额头，缝了五针
        儿童座椅的卡扣断了，孩子摔到头受伤了
        闻到一股焦味，插线板烧黑了
        电动车刹车失灵，差点出事
        我真的不想活了，钱都没了
        吃面包吃出一根针
        The charger caught fire on my kitchen counter
        my son had an allergic reaction to the cream, his lips are swollen
        The kettle gave me an electric shock when I touched the handle
        glass inside the baby food, I found a shard in my daughter's food
        Heater started smoking and tripped the fuse
        the battery is swollen and leaking
        We all got sick after eating the salad kit, vomiting all night
        the blade snapped and cut my finger, I needed four stitches
        My daughter swallowed a magnet that came off the toy
        she was rushed to hospital after using your hair dye
        The hoverboard exploded while charging
        brakes failed on the second ride, I broke my wrist
    """,
    "fraud_or_takeover": """
        我的账号被盗了，有人用余额买了手机
        信用卡被人盗刷三千多
        有人冒充你们客服让我转账
        我把验证码告诉对方了，怎么办
        這張訂單不是我本人下的，請馬上處理
        收到异地登录提醒，不是我操作的
        绑定的手机号被别人改了，进不去
        店主收了钱就把我拉黑了
        银行卡现在一直在扣款，快停
        对方让我共享屏幕，然后卡里钱没了
        点了钓鱼链接，填了银行卡
        我妈被骗走了两万块
        陌生设备登录了我的账户
        赶紧帮我冻结账号，有人在用
        我根本没买过东西却被扣了两百
        这是个骗局，你们平台的卖家卷款跑路了
        Someone hacked into my account and changed the email
        there is a charge of $200 I did not authorize
        I don't recognise this transaction on my card
        My identity was stolen and an account opened in my name
        somebody logged in from another country and is spending my points
        I got scammed by a seller on your platform
        please freeze my account now, a stranger is using it
        These orders were not placed by me
        They keep charging my card every hour and I cancelled
        A fake customer service agent took my card number
        my card details were stolen through your site
        money is being taken from my account right now
    """,
    "legal_or_media": """
        再不退款我就打12315了
        已经向消费者协会投诉，等着吧
        我会找律师起诉你们
        這件事我會爆料給記者
        我要去市场监管局举报
        不处理就法院见
        马上报警，你们这是欺骗
        我要让媒体曝光你们
        不给说法就发到网上让大家看看
        我已经走法律程序了
        小红书曝光你们
        准备申请仲裁
        明天去消委会
        银保监会投诉你们乱扣费
        黑猫投诉已经提交
        律师函很快会到
        My lawyer will contact you on Monday
        I'll see you in small claims court
        I am filing a chargeback with my bank
        Reporting this to trading standards
        I have contacted the ombudsman
        I will take legal action if this isn't resolved
        The BBB and the FTC will hear about this
        I'm calling the police
        A journalist is very interested in this story
        I'm going to the press with this
        I will post this all over social media
        We are suing you for damages
    """,
    "imminent": """
        马上登机了，电子票还打不开
        半小时后就要开会，会议软件登不上
        还有两小时就起飞，行李额还没加上
        孩子发烧三十九度，退热贴怎么还没送
        我人在机场，值机一直失败怎么办
        一小时后截止报名，付款页面进不去
        明天就要婚礼了，喜糖还没到
        快开考了，准考证打不出来
        我就在酒店前台，订单查不到，很急
        今天再不到就来不及了
        今晚就手术，护理用品没到，等着用
        還有30分鐘發車，票改不了
        十分钟后上台，设备连不上
        马上入住了，房间被取消
        明早面试，西装还没收到
        My flight leaves in two hours and I can't check in
        the exam starts in 30 minutes and the app is locked
        I'm at the airport and my booking is gone
        boarding now and the ticket won't load
        wedding is in three hours, the flowers are not here
        We are at the hotel and they have no reservation for us
        her insulin runs out tonight
        I am at the gate, the code does not scan
        the interview starts in an hour and the laptop was not delivered
        concert starts in 1 hour and tickets do not show
        we're checking out in an hour, the refund desk is closed
        baby formula is running out and the parcel is stuck
        need this fixed in the next hour or we lose the client
        the shop closes in 20 minutes and I need it within the hour
        train leaves in ten minutes, the ticket shows nothing
    """,
    "outage_for_many": """
        我们全公司都登不上系统了
        所有门店的收银都瘫痪了
        系统崩了，大家都付不了款
        平台大面积故障，订单都下不了
        服务器是不是宕机了
        全店十几台机器都连不上
        整个部门都打不开后台
        群里好多人都登录不了
        我們公司所有人都無法使用
        网站崩了，几百个订单出不去
        同事们都说打不开
        全网都用不了你们的支付
        你们又崩了吧
        好多人都上不去，首页全白
        收银系统瘫痪，门店停业
        接口从早上起全是503，我们的店都卡住
        Your website is down for everyone
        The whole office can't log in
        servers are down again
        There is an outage in our area
        all our users are locked out
        none of our staff can access the portal
        card machines are down in every store
        the app is down
        no internet in the whole street since morning
        nobody can check out, the payment page errors for all customers
        Your API returns 503 since 9am
        hundreds of customers are affected
    """,
    "furious_repeated_contact": """
        第五次找你们了，垃圾客服
        打了十次电话没人管，气死我了
        反复投诉都不处理，一群骗子
        联系了你们三次还是没解决，太过分了
        又来敷衍我，滚
        催了八遍了，你们还要不要脸，恶心死
        多次反馈没结果，忍无可忍
        第四次了！受够了
        問了無數次沒人理我，垃圾平台
        每次都说等，等你妈的
        客服踢皮球，黑心商家
        投诉了五次石沉大海，什么破玩意
        找了好几次客服都不理人，真的气炸
        没人处理我的退款，欺负人
        申请了三次被拒，真垃圾
        This is the fifth time I contact you, absolutely pathetic
        I have emailed six times and nobody answers. Disgusting
        third time asking, I am furious
        You keep ignoring me, shame on you
        no reply for weeks, what a bunch of crooks
        hung up on me again, worst company ever
        Multiple calls, multiple lies. Fed up with you
        I've called twice already and got fobbed off, this is outrageous
        Fourth email! How dare you ignore my request
        countless chats and I'm sick of this
        no response again, wtf
        several times I complained and you still lied. Liars
        again and again the same excuse, bullshit
    """,
}  # fmt: skip
NEAR: dict[str, str] = {
    "safety": """
        这款面霜会过敏吗
        敏感肌可以用吗，会不会过敏
        充电宝会爆炸吗
        用了一周，没有过敏，挺好的
        我是过敏体质，推荐哪款
        请问有烟雾报警器吗
        空气炸锅有几升的
        这杯子会不会烫手
        给孩子买怕误吞，小零件多吗
        灭火器保质期多久
        大促打骨折了吗
        气炸了，优惠券领不到
        这个会漏电吗
        酒精过敏能用这个湿巾吗
        我等得嗓子都冒烟了，什么时候发货
        送到医院可以吗
        Is this cream hypoallergenic?
        Will it overheat?
        does the charger catch fire easily?
        do you sell smoke detectors
        I love the sparkling water
        my fire tv stick remote
        Could this be a choking hazard for a two year old?
        no smoke, no fire, works perfectly
        smoked salmon 200g price?
        is the paint non-toxic
        I swallowed my pride and reordered
        dye does not bleed, nice
        I'm allergic to nuts, is it safe?
    """,
    "fraud_or_takeover": """
        是正品吗，会不会是假货
        怎么设置支付密码
        怎么防止被盗号
        密码忘记了怎么登录
        感觉被骗了，颜色和图片不一样
        这是盗版书吗
        包裹被偷了怎么办
        收到的不是我买的颜色
        扣款失败怎么回事
        有防盗门锁吗
        账号怎么注销
        验证码收不到
        防诈骗宣传手册有卖吗
        怎么申请冻结账户
        支付方式有哪些
        换手机号怎么绑定
        How do I change my password?
        is your shop legit
        what are your life hacks for cleaning
        can I pay with two cards
        I didn't order this colour
        my account was locked after three tries
        does it come with theft protection
        charge the phone before use?
        how do I log out of other devices
        is there a fee for card payments
        how can I avoid scams
        It keeps charging slowly
        do you offer fraud protection
    """,
    "legal_or_media": """
        发票抬头写律师事务所可以吗
        寄到法院旁边的小区
        相机曝光补偿怎么调
        支持媒体播放器吗
        烟雾报警器多少钱
        门锁一直报警怎么关
        工商银行卡能付吗
        我是律师，想买一支录音笔
        流媒体会员怎么开
        有法律类的书吗
        地址改成派出所对面
        告诉你们一个好消息
        小红书上看到的同款有吗
        微博抽奖怎么参加
        自媒体可以合作吗
        假一赔十吗
        Do you sell tennis court shoes?
        what's the issue with my order
        press and hold the button
        can you deliver to 5 Willow Court
        Police sunglasses in stock?
        media player remote
        voltage regulator 12V price
        is it legal to ship knives?
        french press 1 litre
        I read it in the newspaper
        Can I pursue a warranty claim
        new release press kit
    """,
    "imminent": """
        什么时候发货
        开会用的麦克风有推荐吗
        婚礼用品有哪些
        机场可以自提吗
        考试用的2B铅笔有吗
        几点截止
        马上就要双十一了，有活动吗
        登机箱尺寸多大
        两小时达吗
        半小时能送到吗
        酒店有早餐吗
        入住时间是几点
        面试穿什么好
        婴儿奶粉怎么冲
        手术后能用吗
        When does the sale start?
        do you deliver to hotels
        Can I pick up at the airport?
        how long is the flight case
        wedding gift ideas please
        the interview book is great
        is the party set in stock
        what time do you close
        exam pads A4
        delivery within two days?
        the train set is lovely
        we loved the concert
        formula for six month olds?
    """,
    "outage_for_many": """
        我登不上账号
        页面打不开，换了浏览器就好了
        羽绒服会跑绒吗
        我心态崩了，抢不到
        大家都说好用
        全店包邮吗
        所有颜色都有货吗
        很多人推荐这款
        系统升级后怎么用
        全国联保吗
        网速慢怎么办
        支付宝付不了
        密码输错进不去
        app在哪里下载
        服务器机柜有卖吗
        同事推荐我来的
        The zip broke down the side
        I can't log in
        how do I set up the app
        prices are down, nice
        sit down chair
        do you ship down jackets
        everyone loves it
        the whole set is in one box
        is the app free
        All our friends recommend you
        my phone shows no signal sometimes
        calm down, it's fine
    """,
    "furious_repeated_contact": """
        第二次购买了，很满意
        多次使用也没坏
        垃圾袋多少钱一卷
        第三次来买了
        可以反复充电吗
        别生气，我就问问
        垃圾桶能换颜色吗
        问了客服好几次，都很耐心
        气死我了
        一直没人回复
        骗子公司
        又来买了
        滚筒洗衣机多大
        反复清洗会掉色吗
        第二次联系，还是想问发票
        I ordered several times, love it
        Second time buying, great
        this is the worst
        no reply yet, please check
        can I use it multiple times
        I am furious
        third time asking politely, any news?
        wash it many times
        I've called twice already
        outrageous price drop!
        shame on the weather
        keep calling it my favourite
        garbage bags 50 pcs
    """,
}  # fmt: skip


def cases(table: dict[str, str]) -> list[tuple[str, str]]:
    return [
        (signal, line.strip())
        for signal, lines in table.items()
        for line in lines.strip().splitlines()
    ]


@pytest.fixture(scope="module")
def policy() -> PriorityPolicy:
    return load_policy()


def test_each_urgent_signal_has_examples_on_both_sides():
    urgent = {
        name
        for name, floor in load_policy().policy.floors.items()
        if floor is Priority.URGENT and not name.startswith("deadline")
    }
    assert set(URGENT) == set(NEAR) == urgent
    for table in (URGENT, NEAR):
        assert min(len(lines.strip().splitlines()) for lines in table.values()) >= 15


@pytest.mark.parametrize(("signal", "text"), cases(URGENT))
def test_an_urgent_message_shows_its_signal(policy: PriorityPolicy, signal: str, text: str):
    verdict = policy.judge(Case(text))
    reasons = {reason.signal: reason for reason in verdict.reasons}
    assert signal in reasons
    assert text[reasons[signal].start : reasons[signal].end] == reasons[signal].evidence
    assert verdict.level is Priority.URGENT


@pytest.mark.parametrize(("signal", "text"), cases(NEAR))
def test_a_message_that_only_sounds_like_it_is_not_urgent(
    policy: PriorityPolicy, signal: str, text: str
):
    verdict = policy.judge(Case(text))
    assert signal not in {reason.signal for reason in verdict.reasons}
    assert verdict.level is not Priority.URGENT
